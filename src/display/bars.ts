/** How far pieces of work are, in words: pure functions from counts and seconds to text and HTML. */

/** One piece of work. */
export interface BarState {
  readonly label: string;
  readonly total: number;
  /** What is counted, in the plural: "steps"; may be empty. */
  readonly unit: string;
  readonly done: number;
  /** What else is to be said: "loss 0.21". */
  readonly note: string;
  /** Seconds since it began. */
  readonly seconds: number;
  /** How much was done when it began: what was there before tells nothing of the speed. */
  readonly doneAtStart: number;
  readonly finished: boolean;
}

/** Share that is done, 0 to 1. */
export function shareOf({ done, total }: BarState): number {
  return total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
}

/** A line for terminals: `N = 32  ████████░░░░  1,200/3,000 steps  40 %  61/s  29 s left  loss 0.21`. */
export function barLine(state: BarState, labelWidth = 0): string {
  const filled = Math.round(20 * shareOf(state));
  const bar = '\u2588'.repeat(filled) + '\u2591'.repeat(20 - filled);
  return [state.label.padEnd(labelWidth), bar, ...partsOf(state)].filter(Boolean).join('  ');
}

/** The same without a bar, for logs: `N = 32: 1,200/3,000 steps, 40 %, 61/s, 29 s left, loss 0.21`. */
export function plainLine(state: BarState): string {
  return `${state.label}: ${partsOf(state).join(', ')}`;
}

/** A table of bars for notebooks, escaped. */
export function barTable(states: readonly BarState[]): string {
  const cell = 'padding: 1px 8px 1px 0; text-align: left; white-space: nowrap';
  const rows = states.map(state => {
    const percent = (100 * shareOf(state)).toFixed(1);
    const bar =
      '<div style="width: 140px; height: 10px; background: #d9dce1; border-radius: 2px">' +
      `<div style="width: ${percent}%; height: 100%; background: #0072b2; border-radius: 2px"></div></div>`;
    const cells = [escapeHtml(state.label), bar, ...partsOf(state).map(escapeHtml)];
    return `<tr>${cells.map(content => `<td style="${cell}">${content}</td>`).join('')}</tr>`;
  });
  return `<table style="font-size: 90%; border: none">${rows.join('')}</table>`;
}

/** Count, percent, speed, time, note; those that are known. */
function partsOf(state: BarState): string[] {
  const { done, total, unit, note, seconds, finished } = state;
  const count = `${formatCount(done)}/${formatCount(total)}${unit && ` ${unit}`}`;
  const rate = seconds > 0 ? (done - state.doneAtStart) / seconds : 0;
  const speed = rate > 0 ? `${formatRate(rate)}/s` : '';
  return [count, `${Math.floor(100 * shareOf(state))} %`, speed, timeOf(state, rate, finished), note].filter(
    Boolean,
  );
}

function timeOf({ done, total, seconds }: BarState, rate: number, finished: boolean): string {
  if (finished) return `${done >= total ? 'in' : 'stopped after'} ${formatSeconds(seconds)}`;
  // The first moments tell little of the speed.
  return rate > 0 && seconds >= 1 ? `${formatSeconds((total - done) / rate)} left` : '';
}

/** 8 s, 4 min 5 s, 2 h 10 min. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${seconds < 9.95 ? Math.max(0, seconds).toFixed(1) : whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function formatCount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

function formatRate(rate: number): string {
  return rate.toLocaleString(
    'en-US',
    rate < 100 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 },
  );
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, character => entities[character]);
}
