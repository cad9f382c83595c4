/** environment.yml: the one place where Python packages are pinned, read without a YAML library. */
import { readFileSync } from 'node:fs';
import { SetupError } from './report.mjs';

/** The lines that environment.yml may consist of; anything else is refused. */
const lines = {
  name: /^name: ([\w-]+)$/,
  section: /^(channels|dependencies):$/,
  item: /^ {2}- ([\w-]+(?: [<>=][\w.,<>=]*)?)$/,
  pip: /^ {2}- pip:$/,
  requirement: /^ {6}- ([\w-]+)==([\w.]+)(?: ; sys_platform == "(linux|darwin)")?$/,
};

/**
 * @typedef {{ name: string, version: string, platform?: string, extra?: string }} Requirement
 * @typedef {{ name: string, channels: string[], conda: Record<string, string>, pip: Requirement[] }} Environment
 */

/**
 * Parses the text of environment.yml.
 * @returns {Environment} `conda` maps a package to its range of versions
 * @throws SetupError naming the first line that is not understood.
 */
export function parseEnvironment(text) {
  const environment = { name: '', channels: [], conda: {}, pip: [] };
  let section = '';
  for (const [index, original] of text.split('\n').entries()) {
    const line = original.replace(/(^|\s+)#.*$/, '').trimEnd();
    if (line === '') continue;
    const next = readLine(environment, section, line);
    if (next === undefined) {
      throw new SetupError(
        `environment.yml, line ${index + 1}: "${original}" is not understood.`,
        'Write packages as "  - python >=3.10,<3.14" and, under "  - pip:", as "      - name==1.2.3".',
      );
    }
    section = next;
  }
  return environment;
}

/** Enters one line into the environment; returns the section that follows, or undefined for an unexpected line. */
function readLine(environment, section, line) {
  const match = kind => lines[kind].exec(line)?.slice(1);
  if (match('name')) {
    environment.name = match('name')[0];
    return '';
  }
  if (match('section')) return match('section')[0];
  if (section === 'dependencies' && match('pip')) return 'pip';
  if (section === 'channels' && match('item')) {
    environment.channels.push(match('item')[0]);
    return section;
  }
  if (section === 'dependencies' && match('item')) {
    const [name, range = ''] = match('item')[0].split(' ');
    environment.conda[name] = range;
    return section;
  }
  if (section === 'pip' && match('requirement')) {
    const [name, version, platform] = match('requirement');
    environment.pip.push({ name, version, ...(platform && { platform }) });
    return section;
  }
  return undefined;
}

/** Reads the project's environment.yml. */
export function readEnvironment(project) {
  return parseEnvironment(readFileSync(`${project}/environment.yml`, 'utf8'));
}

/**
 * The packages to install here: those of this platform, with TensorFlow's CUDA wheel in place of the CPU one when asked for.
 * @param {Environment} environment
 * @param {{ platform?: string, gpu?: boolean }} options
 * @returns {Requirement[]}
 */
export function requirementsFor(environment, { platform = process.platform, gpu = false } = {}) {
  return environment.pip
    .filter(requirement => requirement.platform === undefined || requirement.platform === platform)
    .map(({ name, version }) =>
      gpu && name === 'tensorflow-cpu'
        ? { name: 'tensorflow', version, extra: 'and-cuda' }
        : { name, version },
    );
}

/** A requirement as pip takes it: "tensorflow[and-cuda]==2.21.0". */
export function pipArgument({ name, version, extra }) {
  return `${name}${extra ? `[${extra}]` : ''}==${version}`;
}
