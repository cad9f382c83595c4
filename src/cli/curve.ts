/** `unimodal curve`: the representation curve of a model, and whether it is unimodal. */
import type { Command } from 'commander';
import { type CurveAnalysis, fewestLevels } from '../curve/analysis';
import { library } from './shared/library';
import { addMeasureSettings, addModel, imagesFor, type ModelFlags, withModel } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from './shared/output';

type CurveFlags = ModelFlags & OutputFlags;

export function addCurveCommand(program: Command): void {
  const command = program
    .command('curve')
    .description('how well a linear probe reads the class off a layer, over the noise level')
    .action(printCurve);
  addJson(addMeasureSettings(addModel(command), 'probe.layer=8x8_up'));
  addExamples(command, [
    'curve --model digits-64-seed0',
    'curve --model digits-64-seed0 --set probe.layer=8x8_up --set probe.sigmas=0.05,0.15,0.4 --json',
    'curve --model notebooks/models/ddpm-digits --set data.source=digits --set probe.layer=up_blocks.1.resnets.0',
  ]);
}

async function printCurve(flags: CurveFlags): Promise<void> {
  const { measureCurve, analyseCurve } = library();
  const { model, curve } = await withModel(flags, async command => {
    const { opened, measured, settings } = command;
    const { sigmas } = settings.probe;
    if (sigmas.length < fewestLevels)
      throw new Error(
        `probe.sigmas: a rise and a fall show at three noise levels or more, not ${sigmas.length}.`,
      );
    const parts = await imagesFor(command, 1); // what the model was trained on does not matter here
    return { model: opened.name, curve: await measureCurve(measured, settings.probe, parts) };
  });
  const { layer, input, draws, testCount } = curve;
  const analysis = analyseCurve(curve, { seed: 0 });
  const title = `${model}, layer ${layer}, ${input} images, ${draws} draws of ${testCount} test images`;
  printResult(
    flags,
    { model, layer, input, draws, testCount, ...analysis },
    [title, '', tableOf(analysis), '', analysis.finding].join('\n'),
  );
}

function tableOf({ sigmas, accuracy }: CurveAnalysis): string {
  const rows = accuracy.map(({ mean, lower, upper }, s) => [
    String(sigmas[s]),
    mean.toFixed(1),
    `${lower.toFixed(1)} to ${upper.toFixed(1)}`,
  ]);
  return textTable(['sigma', 'accuracy, %', '95 % interval'], rows);
}
