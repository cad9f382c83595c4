/** How curves of several training-set sizes are told apart: by colour, line style and marker. */
import { ink, type PlotlyObject } from './figure';

/**
 * Viridis from 0 to 0.82 (Smith and van der Walt 2015): ordered in lightness, so that it reads in grey and with any colour
 * vision; the brightest yellows are left out, as they vanish on white.
 */
const ramp = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#8bd646',
] as const;

/** Two colours for two different quantities (Okabe and Ito 2008), and their vermillion for a warning. */
export const quantities = { first: '#0072b2', second: '#d55e00', warning: '#d55e00' } as const;

const dashes = ['solid', 'dash', 'dot', 'dashdot', 'longdash', 'longdashdot'] as const;
const symbols = [
  'circle',
  'square',
  'diamond',
  'triangle-up',
  'cross',
  'x',
  'triangle-down',
  'pentagon',
] as const;

/** Colour, line style and marker of one of several curves. */
export interface LineStyle {
  readonly color: string;
  readonly dash: string;
  readonly symbol: string;
}

/** The style of curve `index` of `count`, in order of size: the darkest for the largest. */
export function lineStyle(index: number, count: number): LineStyle {
  const position = count > 1 ? ((count - 1 - index) / (count - 1)) * (ramp.length - 2) : 0;
  return {
    color: rampColor(position),
    dash: dashes[(count - 1 - index) % dashes.length],
    symbol: symbols[(count - 1 - index) % symbols.length],
  };
}

function rampColor(position: number): string {
  const below = Math.floor(position);
  const share = position - below;
  const [from, to] = [ramp[below], ramp[Math.min(below + 1, ramp.length - 1)]].map(channels);
  const mixed = from.map((value, c) => Math.round(value + share * (to[c] - value)));
  return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`;
}

/** A colour with opacity, for bands. */
export function translucent(color: string, opacity: number): string {
  return `rgba(${channels(color).join(', ')}, ${opacity})`;
}

/** Red, green and blue, 0 to 255, of a colour like #0072b2. */
export function channels(color: string): number[] {
  return [1, 3, 5].map(at => Number.parseInt(color.slice(at, at + 2), 16));
}

/** The common look of an axis; `title` is its text. */
export function axis({ title, ...parts }: PlotlyObject & { title?: string }): PlotlyObject {
  return {
    ...(title === undefined ? {} : { title: { text: title, font: { size: 13 }, standoff: 8 } }),
    showline: true,
    linecolor: ink.line,
    ticks: 'outside',
    tickcolor: ink.line,
    ticklen: 4,
    gridcolor: ink.grid,
    zeroline: false,
    automargin: true,
    ...parts,
  };
}

/** Ticks of a logarithmic axis at the values themselves, thinned so that neighbours stay apart; `room`: labels that fit. */
export function logTicks(values: readonly number[], room = 12): PlotlyObject {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const apart = Math.log(sorted[sorted.length - 1] / sorted[0]) / room;
  const kept: number[] = [];
  for (const value of sorted) {
    if (kept.length === 0 || Math.log(value / kept[kept.length - 1]) >= apart) kept.push(value);
  }
  return {
    type: 'log',
    tickmode: 'array',
    tickvals: kept,
    ticktext: kept.map(formatNumber),
  };
}

/** Ticks of a logarithmic axis at 1, 2 and 5 times the powers of ten, written out. */
export function decadeTicks(values: readonly number[]): PlotlyObject {
  const positive = values.filter(value => value > 0);
  const ends = [Math.min(...positive), Math.max(...positive)].map(Math.log10).map(Math.floor);
  const decades = Array.from({ length: ends[1] - ends[0] + 2 }, (_, i) => ends[0] + i);
  // Few decades need the steps between them, many have no room.
  const steps = decades.length <= 4 ? [1, 2, 5] : [1];
  const ticks = decades.flatMap(decade => steps.map(step => Number(`${step}e${decade}`)));
  return { type: 'log', tickmode: 'array', tickvals: ticks, ticktext: ticks.map(String) };
}

/** A number for people: thousands separated, no trailing zeros. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

/** Four decimals are more than a figure shows, and keep notebooks small. */
export function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** A heading above a panel whose top left corner is at (x, y) in paper coordinates, with a softer line below it. */
export function panelTitle(text: string, x: number, y: number, note = ''): PlotlyObject {
  const below = `<br><span style="font-size: 11.5px; color: ${ink.soft}">${note}</span>`;
  return {
    text: `<b>${text}</b>${note && below}`,
    x,
    y,
    xref: 'paper',
    yref: 'paper',
    xanchor: 'left',
    yanchor: 'bottom',
    align: 'left',
    yshift: 5,
    showarrow: false,
    font: { size: 13.5, color: ink.text },
  };
}
