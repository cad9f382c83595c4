/** One measurement in a process of its own: `worker.ts WORKLOAD THREADS compiled|stock` prints {"seconds", "units", "peakMegabytes"}. */
import { workloads } from './workloads';

async function main([name, threads, mode]: string[]): Promise<void> {
  const round = await workloads[name].prepare({ threads: Number(threads), compile: mode === 'compiled' });
  await round(); // records, warms caches
  const start = performance.now();
  const units = await round();
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, units, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
}

void main(process.argv.slice(2));
