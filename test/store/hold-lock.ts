/** Started as a process of its own by the tests of the lock: holds a folder until it is killed. */
import { withFolderLock } from '../../src/store/lock';

void withFolderLock(process.argv[2], async () => {
  process.send?.('held');
  await new Promise(resolve => process.once('disconnect', resolve));
});
