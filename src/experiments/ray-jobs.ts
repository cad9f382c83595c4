/** A Ray cluster's jobs, by its Jobs API over HTTP (Ray 2.x, https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html). */

import http from 'node:http';
import https from 'node:https';

/** A cluster, and what each job needs of it. */
export interface RayCluster {
  /** Where its dashboard listens: http://host:8265. */
  readonly address: string;
  /** Processor cores of each job. Default 1. */
  readonly cpus?: number;
  /** GPUs of each job. Default 0. */
  readonly gpus?: number;
}

/** What Ray knows of a job. */
export interface RayJob {
  readonly submission_id: string;
  /** Milliseconds since 1970. */
  readonly start_time: number;
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
  readonly message: string | null;
  readonly error_type: string | null;
}

/** What a machine of the cluster has, whether or not it is in use. */
export interface RayNode {
  readonly cpus: number;
  readonly gpus: number;
}

/** Whether a job is over, well or not. */
export function hasEnded({ status }: RayJob): boolean {
  return ['STOPPED', 'SUCCEEDED', 'FAILED'].includes(status);
}

/** The jobs of a cluster. Every call throws an Error that names the address when Ray can't be reached or refuses. */
export interface RayJobs {
  /** The machines of the cluster that are there. */
  nodes(): Promise<RayNode[]>;
  /** Undefined when there is no such job. */
  find(id: string): Promise<RayJob | undefined>;
  /** All jobs, those that have ended as well. */
  list(): Promise<RayJob[]>;
  /** Starts `command`, a line for a POSIX shell, as soon as there is room. Nothing happens when there is a job of that id. */
  submit(id: string, command: string): Promise<void>;
  /** Everything that it has written. */
  logs(id: string): Promise<string>;
  /** Tells its processes to end (SIGTERM), and ends them 3 seconds later. */
  stop(id: string): Promise<void>;
  /** Forgets a job that has ended. */
  remove(id: string): Promise<void>;
}

/** Seconds after which an answer is no longer waited for. */
const patience = 30;

/**
 * The jobs of a cluster.
 * @param token of a cluster that asks for one. Default: the environment variable RAY_AUTH_TOKEN, as for Ray's own programs.
 */
export function rayJobs(
  { address, cpus = 1, gpus = 0 }: RayCluster,
  token = process.env.RAY_AUTH_TOKEN,
): RayJobs {
  const base = address.replace(/\/+$/, '');
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    try {
      return await request(`${base}${path}`, { method, headers }, body && JSON.stringify(body));
    } catch (error) {
      throw unreachable(base, error as Error);
    }
  };
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await call(method, path, body);
    if (answer.status !== 200) throw refusal(base, answer);
    return JSON.parse(answer.text) as T;
  };
  const job = (id: string) => `/api/jobs/${encodeURIComponent(id)}`;
  return {
    async nodes() {
      const { data } = await ask<NodeList>('GET', '/api/v0/nodes?limit=10000');
      const alive = data.result.result.filter(({ state }) => state === 'ALIVE');
      return alive.map(({ resources_total: { CPU = 0, GPU = 0 } }) => ({ cpus: CPU, gpus: GPU }));
    },
    async find(id) {
      const answer = await call('GET', job(id));
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refusal(base, answer);
      return JSON.parse(answer.text) as RayJob;
    },
    list: () => ask('GET', '/api/jobs/'),
    async submit(id, command) {
      const resources = { entrypoint_num_cpus: cpus, entrypoint_num_gpus: gpus };
      const job = { submission_id: id, entrypoint: command, ...resources };
      const answer = await call('POST', '/api/jobs/', job);
      if (answer.status !== 200 && !answer.text.includes(`${id} already exists`)) throw refusal(base, answer);
    },
    logs: async id => (await ask<{ logs: string }>('GET', `${job(id)}/logs`)).logs,
    stop: id => ask('POST', `${job(id)}/stop`),
    remove: id => ask('DELETE', job(id)),
  };
}

/** Of Ray's State API. */
interface NodeList {
  readonly data: { readonly result: { readonly result: readonly ListedNode[] } };
}

interface ListedNode {
  readonly state: string;
  readonly resources_total: Readonly<Record<string, number>>;
}

/** Thrown when no answer comes: the cluster may be back soon. */
export class RayUnreachableError extends Error {
  override readonly name = 'RayUnreachableError';
}

function unreachable(base: string, { message }: Error): Error {
  return new RayUnreachableError(
    `No Ray cluster answers at ${base} (${message}). Give the address of its dashboard, such as http://host:8265.`,
  );
}

function refusal(base: string, { status, text }: Answer): Error {
  if (status === 401 || status === 403) {
    return new Error(
      `The Ray cluster at ${base} asks for its token: put what "ray get-auth-token" prints into the environment variable RAY_AUTH_TOKEN.`,
    );
  }
  const lines = text.trim().split('\n').slice(-2).join(' ');
  return new Error(`The Ray cluster at ${base} answers ${status}: ${lines.slice(-500)}`);
}

/** What came back. */
interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One HTTP request. Not by fetch, whose headers (Sec-Fetch-Mode) are a browser's: Ray refuses changes that browsers ask for. */
function request(url: string, options: http.RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith('https:') ? https : http;
    const sent = client.request(url, { ...options, timeout: 1000 * patience }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${patience} s`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
