import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which parts of src each part may import (besides itself). The architecture in CONTRIBUTING.md, as a check. */
const mayImport = {
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
const parts = [...Object.keys(mayImport), 'experiments', 'cli', 'setup'];

const layering = Object.entries(mayImport).map(([part, allowed]) => ({
  files: [`src/${part}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: parts
          .filter(other => other !== part && !allowed.includes(other))
          .map(other => ({
            regex: `^(\\.\\./)+${other}/`,
            message: `src/${part} may import ${allowed.join(', ') || 'no other part'}: see the architecture in CONTRIBUTING.md.`,
            // Figures draw values: their types may be named anywhere.
            allowTypeImports: part === 'figures',
          })),
      },
    ],
  },
}));

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
);
