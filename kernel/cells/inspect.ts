/** What is known of the name at a position: its type, its documentation, and, inside a call, the signature. */
import ts from 'typescript';
import type { CodePosition } from '../threads';
import type { CellCompiler } from './compile';
import { toOffset } from './positions';
import { parseCell, withoutAlias } from './scope';

/** Answers an `inspect_request`; with detail level 1, with the place of the definition. */
export function inspect(
  compiler: CellCompiler,
  { code, cursor }: CodePosition,
  detail: number,
): Record<string, unknown> {
  const { service } = compiler;
  service.update(compiler.scope.moduleText(parseCell(code), 'all'));
  const offset = Math.min(toOffset(code, cursor), code.length);
  const text = quickInfo(service, offset, detail) ?? signatureHelp(service, offset);
  if (text === undefined) return { found: false, data: {}, metadata: {} };
  return { found: true, data: { 'text/plain': text.plain, 'text/markdown': text.markdown }, metadata: {} };
}

type Explained = { plain: string; markdown: string };
type Service = CellCompiler['service'];

function explained(signature: string, documentation: string, tags: readonly ts.JSDocTagInfo[]): Explained {
  const described = tags.map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`.trim());
  const notes = [documentation, described.join('\n')].filter(note => note !== '');
  return {
    plain: [signature, ...notes].join('\n\n'),
    markdown: ['```typescript\n' + signature + '\n```', ...notes].join('\n\n'),
  };
}

/** The name under the cursor or, as after typing it, right before. */
function quickInfo({ service, current }: Service, offset: number, detail: number): Explained | undefined {
  const info =
    service.getQuickInfoAtPosition(current, offset) ??
    service.getQuickInfoAtPosition(current, Math.max(0, offset - 1));
  if (!info) return undefined;
  const definition =
    detail > 0 ? service.getDefinitionAtPosition(current, info.textSpan.start)?.[0] : undefined;
  const place =
    definition && !/__cell(_\d+)?\.ts$/.test(definition.fileName)
      ? `\n\nDefined in ${definition.fileName}`
      : '';
  const documentation = ts.displayPartsToString(info.documentation) + place;
  return explained(withoutAlias(ts.displayPartsToString(info.displayParts)), documentation, info.tags ?? []);
}

function signatureHelp({ service, current }: Service, offset: number): Explained | undefined {
  const help = service.getSignatureHelpItems(current, offset, undefined);
  const item = help?.items[help.selectedItemIndex];
  if (!item) return undefined;
  const parameters = item.parameters.map(parameter => ts.displayPartsToString(parameter.displayParts));
  const separator = ts.displayPartsToString(item.separatorDisplayParts);
  const signature =
    ts.displayPartsToString(item.prefixDisplayParts) +
    parameters.join(separator) +
    ts.displayPartsToString(item.suffixDisplayParts);
  return explained(signature, ts.displayPartsToString(item.documentation), item.tags);
}
