/** What the machine must offer before anything is fetched: platform, disk space, a C++ compiler. */
import { statfsSync } from 'node:fs';
import { run, SetupError } from './report.mjs';

/** Gigabytes that a whole set-up takes, downloads included (measured on Linux x86-64, rounded up). */
const gigabytes = { cpu: 4, gpu: 10, update: 0.3 };

/**
 * @throws SetupError unless TensorFlow has a wheel for this platform.
 */
export function checkPlatform({ platform, arch, glibc }) {
  if (platform === 'win32') {
    throw new SetupError(
      'Windows has no TensorFlow library to build against.',
      'Install WSL2 ("wsl --install"), clone the project inside its Linux, and run this there.',
    );
  }
  const supported = { linux: ['x64', 'arm64'], darwin: ['arm64'] }[platform] ?? [];
  if (!supported.includes(arch)) {
    throw new SetupError(
      `TensorFlow has no wheel for ${platform} on ${arch}.`,
      'Use Linux (x86-64 or arm64) or macOS (Apple silicon).',
    );
  }
  if (platform === 'linux' && glibc === undefined) {
    throw new SetupError(
      "This Linux has no glibc (Alpine's musl, for example), which TensorFlow's wheels need.",
      'Use a distribution with glibc, such as Debian, Ubuntu or Fedora.',
    );
  }
}

/** This machine, as checkPlatform takes it. */
export function thisPlatform() {
  process.report.excludeNetwork = true;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return { platform: process.platform, arch: process.arch, glibc: glibcVersionRuntime };
}

/**
 * @param {{ complete: boolean, gpu: boolean }} state whether the Python packages are there already
 * @throws SetupError when the project's disk has too little space left.
 */
export function checkDiskSpace(project, { complete, gpu }, free = freeGigabytes(project)) {
  const needed = complete ? gigabytes.update : gpu ? gigabytes.gpu : gigabytes.cpu;
  if (free >= needed) return;
  throw new SetupError(
    `Only ${free.toFixed(1)} GB are free on the disk of ${project}; the set-up needs ${needed} GB.`,
    'Free some space, or move the project to another disk, and run it again.',
  );
}

/** Free space of the disk that holds a folder, in GB. */
export function freeGigabytes(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 1e9;
}

/**
 * The C++ compiler: $CXX, else g++, clang++ or c++.
 * @returns its command and its version line, or undefined where there is none
 */
export async function findCompiler(env) {
  const candidates = env.CXX ? [env.CXX] : ['g++', 'clang++', 'c++'];
  for (const command of candidates) {
    const { status, output } = await run(command, ['--version'], { env });
    if (status === 0) return { command, version: output.split('\n')[0].trim() };
  }
  return undefined;
}

/** The error for a missing compiler. */
export function missingCompiler(env, platform = process.platform) {
  if (env.CXX) {
    return new SetupError(
      `The C++ compiler named by CXX ("${env.CXX}") does not run.`,
      'Set CXX to the command of a C++17 compiler, or unset it to use g++ or clang++.',
    );
  }
  return new SetupError(
    'There is no C++ compiler (looked for g++, clang++ and c++).',
    platform === 'darwin'
      ? 'Install one with "xcode-select --install" and run it again.'
      : 'Install one with "sudo apt install g++" (Fedora: "sudo dnf install gcc-c++") and run it again.',
  );
}

/** Whether an NVIDIA driver answers, and with which GPUs. */
export async function findGpu(env) {
  const { status, output } = await run('nvidia-smi', ['-L'], { env });
  return status === 0 && output.includes('GPU ') ? output.trim() : undefined;
}
