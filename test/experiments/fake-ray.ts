/** The part of Ray's Jobs API that sweeps use, in this process: jobs run as soon as they are submitted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RayJob } from '../../src/experiments/ray-jobs';

interface FakeJob {
  readonly process: ChildProcess;
  status: RayJob['status'];
  logs: string;
}

export const token = 'secret';

/** Starts it. `submitted` are the names of submitted jobs, in order. */
export async function startFakeRay() {
  const jobs = new Map<string, FakeJob>();
  const submitted: string[] = [];
  const submit = (id: string, command: string) => {
    const process = spawn('sh', ['-c', command]);
    const job: FakeJob = { process, status: 'RUNNING', logs: '' };
    process.stdout.on('data', text => (job.logs += String(text)));
    process.on('close', code => {
      if (job.status === 'RUNNING') job.status = code === 0 ? 'SUCCEEDED' : 'FAILED';
    });
    jobs.set(id, job);
    submitted.push(id);
  };
  const answer = (method: string, path: string, body: string): [status: number, value: unknown] => {
    if (path.startsWith('/api/v0/nodes')) return [200, nodes];
    if (method === 'POST' && path === '/api/jobs/') {
      const { submission_id: id, entrypoint } = JSON.parse(body) as Record<string, string>;
      if (jobs.has(id)) return [500, `ValueError: Job with submission_id ${id} already exists.`];
      submit(id, entrypoint);
      return [200, { submission_id: id }];
    }
    const [, id, action] = /^\/api\/jobs\/([^/]+)\/?(\w*)$/.exec(path) ?? [];
    const job = jobs.get(id);
    if (!job) return [404, `Job ${id} does not exist`];
    if (method === 'DELETE') return [200, { deleted: jobs.delete(id) }];
    if (action === 'logs') return [200, { logs: job.logs }];
    if (action === 'stop') {
      job.status = 'STOPPED';
      return [200, { stopped: job.process.kill() }];
    }
    const message = job.status === 'FAILED' ? `exit status, last logs:\n${job.logs}` : null;
    return [200, { submission_id: id, status: job.status, message, error_type: null, start_time: 0 }];
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', text => (body += String(text)));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      // As Ray does: a token, and nothing that a browser sends.
      let [status, value]: [number, unknown] = [401, 'Unauthorized'];
      if (headers.authorization === `Bearer ${token}`) [status, value] = answer(method, url, body);
      if ('sec-fetch-mode' in headers) [status, value] = [405, 'not allowed for browser traffic'];
      response.writeHead(status).end(typeof value === 'string' ? value : JSON.stringify(value));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    submitted,
    submit,
    statusOf: (id: string) => jobs.get(id)?.status,
    stop: () => new Promise(resolve => server.close(resolve)),
  };
}

/** Room for three jobs of two cores: nodes that are gone do not count. */
const node = (state: string, CPU: number) => ({ state, resources_total: { CPU } });
const nodes = { data: { result: { result: [node('ALIVE', 5), node('ALIVE', 3), node('DEAD', 8)] } } };
