/** A Ray cluster of this machine alone, for a test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A running cluster. */
export interface RayHead {
  readonly address: string;
  /** What its Jobs API wants to see. */
  readonly token: string;
  stop(): Promise<void>;
}

/**
 * Starts a cluster of so many cores with its dashboard on the loopback address. Some of Ray's own ports are open to the network
 * whatever it is told, so it asks for a token.
 */
export async function startRay(cpus: number): Promise<RayHead> {
  const [port, dashboard, client, agent] = await freePorts(4);
  const folder = await fs.mkdtemp('/tmp/ray-'); // short: the paths of Ray's sockets have a limit
  const token = 'a'.repeat(64);
  const options = {
    'node-ip-address': '127.0.0.1',
    port,
    'dashboard-host': '127.0.0.1',
    'dashboard-port': dashboard,
    'ray-client-server-port': client,
    'dashboard-agent-listen-port': agent,
    'num-cpus': cpus,
    'object-store-memory': 80_000_000,
    'temp-dir': folder,
  };
  const head = spawn(
    path.join(__dirname, '../../.venv-ray/bin/ray'),
    ['start', '--head', '--block', '--disable-usage-stats'].concat(
      Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ),
    {
      env: { ...process.env, RAY_AUTH_MODE: 'token', RAY_AUTH_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let written = '';
  for (const stream of [head.stdout, head.stderr]) stream.on('data', text => (written += String(text)));
  const address = `http://127.0.0.1:${dashboard}`;
  const headers = { authorization: `Bearer ${token}` };
  const answers = () =>
    fetch(`${address}/api/jobs/`, { headers }).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (head.exitCode !== null) throw new Error(`Ray did not start:\n${written}`);
    await delay(500);
  }
  return {
    address,
    token,
    async stop() {
      const exit = once(head, 'exit');
      head.kill('SIGTERM'); // ends all that it started
      await exit;
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ports that nobody uses now, below those that Ray hands out to its workers. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => (server.address() as { port: number }).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
