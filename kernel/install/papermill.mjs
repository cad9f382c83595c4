/**
 * Makes papermill understand the parameters of TypeScript notebooks: installs papermill_typescript.py into a Python
 * environment as the package "papermill-typescript", which `pip uninstall` removes. Written directly, without a build,
 * so that it works offline.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'papermill_typescript';
const VERSION = '1.0.0';
const here = path.dirname(fileURLToPath(import.meta.url));

/** The folder of a Python environment's packages; undefined where the prefix has no Python. */
function sitePackages(prefix) {
  const python = [path.join(prefix, 'bin', 'python3'), path.join(prefix, 'bin', 'python')].find(file =>
    fs.existsSync(file),
  );
  if (python === undefined) return undefined;
  const result = spawnSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
    encoding: 'utf8',
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * Installs the translator.
 *
 * @param {string} prefix the Python environment
 * @returns {string | undefined} the module's file; undefined where the prefix is no Python environment
 */
export function installPapermillTranslator(prefix) {
  const packages = sitePackages(prefix);
  if (packages === undefined) return undefined;
  const information = `${NAME}-${VERSION}.dist-info`;
  const files = {
    [`${NAME}.py`]: fs.readFileSync(path.join(here, `${NAME}.py`), 'utf8'),
    [`${information}/METADATA`]: `Metadata-Version: 2.1\nName: papermill-typescript\nVersion: ${VERSION}\nSummary: Parameters of TypeScript notebooks for papermill\n`,
    [`${information}/entry_points.txt`]: `[papermill.engine]\ntypescript = ${NAME}:Engine\n`,
    [`${information}/INSTALLER`]: 'typescript-kernel\n',
  };
  const record = [...Object.keys(files), `${information}/RECORD`].map(file => `${file},,\n`).join('');
  fs.mkdirSync(path.join(packages, information), { recursive: true });
  for (const [file, text] of Object.entries({ ...files, [`${information}/RECORD`]: record })) {
    fs.writeFileSync(path.join(packages, file), text);
  }
  return path.join(packages, `${NAME}.py`);
}
