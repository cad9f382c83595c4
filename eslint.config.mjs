import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which parts of src each part may import (besides itself). The architecture in CONTRIBUTING.md, as a check. */
const mayImport = {
  setup: [],
  notebook: ['setup'],
  display: [],
  theory: ['engine', 'data', 'curve'],
  curve: [],
  engine: ['display'],
  data: ['engine', 'store'],
  diffusion: ['engine'],
  models: ['engine', 'diffusion', 'store'],
  store: ['engine'],
  training: ['engine', 'data', 'diffusion', 'store', 'display'],
  numerics: ['engine'],
  representation: ['engine', 'data', 'diffusion', 'models', 'numerics', 'curve', 'display'],
  generation: ['engine', 'data', 'diffusion', 'models', 'numerics', 'representation', 'display'],
  figures: ['curve', 'display'],
};
const parts = [...Object.keys(mayImport), 'experiments', 'cli'];

const layering = Object.entries(mayImport).flatMap(([part, allowed]) => {
  const others = parts.filter(other => other !== part && !allowed.includes(other));
  const message = `src/${part} may import ${allowed.join(', ') || 'no other part'}: see the architecture in CONTRIBUTING.md.`;
  return forbid(`src/${part}`, { regex: `^(\\.\\./)+(${others.join('|')})/`, message });
});

const kernel = forbid('kernel', {
  regex: '^(\\.\\./)+src/',
  message: 'The kernel knows nothing of src: see the architecture in CONTRIBUTING.md.',
});

/** Refuses imports in a folder, of TypeScript and of plain Node. */
function forbid(folder, pattern) {
  // Figures draw values: their types may be named anywhere.
  const allowTypeImports = folder === 'src/figures';
  return [
    {
      files: [`${folder}/**/*.ts`],
      rules: {
        '@typescript-eslint/no-restricted-imports': [
          'error',
          { patterns: [{ ...pattern, allowTypeImports }] },
        ],
      },
    },
    {
      files: [`${folder}/**/*.mjs`],
      rules: { 'no-restricted-imports': ['error', { patterns: [pattern] }] },
    },
  ];
}

export default tseslint.config(
  {
    ignores: [
      'node_modules/',
      'dist/',
      '.venv/',
      '.venv-*/',
      'runs/',
      'rendered/',
      'notebooks/*',
      '!notebooks/workshop/',
      'test/reference/recorded/',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.mts'] } } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
      ],
    },
  },
  { files: ['**/*.mts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'URL',
          'Buffer',
          'fetch',
          'require',
          'module',
          '__dirname',
          'structuredClone',
          'AbortController',
          'performance',
        ].map(name => [name, 'readonly']),
      ),
    },
  },
  ...layering,
  ...kernel,
);
