/** The library that the notebooks call: everything public, by part. */

// engine
export { applyAdam, type AdamSlot, type AdamStep } from './engine/adam';
export { compile, type CompiledFunction, type CompileOptions } from './engine/compile';
export { profile, type OpProfile } from './engine/profile';
export { deriveSeed, randomIntegers, randomNormal, randomUniform } from './engine/random';
export type { TensorFunction } from './engine/recorder';
export { tf } from './engine/tensorflow';
export { toTensor, toValue } from './engine/tensors';
export {
  float32,
  float32Scalar,
  int32,
  int32Scalar,
  type NamedValues,
  type TensorValue,
} from './engine/values';
export { createVariables, type Variables, type VariablesOptions } from './engine/variables';

// data
export { loadCanvases } from './data/canvases';
export { type Dataset, imagesOf, meanImage, split, take } from './data/dataset';
export { loadCifar10, loadCifar100 } from './data/cifar';
export { loadDigits } from './data/digits';
export { loadImageFolder } from './data/folder';
export { fitLatents, type LatentSpace } from './data/latents';
export { loadDataset } from './data/load';
export { loadNumpy } from './data/numpy';
export { integersBelow } from './data/permutation';
export { preprocess, type Preprocessing } from './data/preprocess';
export { loadSegmented } from './data/segmented';

// diffusion and models
export { createDenoiser, type Denoiser } from './diffusion/denoiser';
export { denoiseImages } from './diffusion/denoise';
export { denoisingLoss } from './diffusion/loss';
export { meanLoss } from './diffusion/mean-loss';
export {
  type DropoutDraw,
  initializeParameters,
  type Network,
  parameterCount,
  type Parameters,
} from './diffusion/network';
export { fixedNoise, logNormalNoise, type NoiseDistribution } from './diffusion/noise';
export { edmPreconditioning, type Preconditioning } from './diffusion/preconditioning';
export { heunSampler, heunStep, sampleHeun, sigmaSchedule } from './diffusion/sampler';
export { vpNoise, vpPreconditioning } from './diffusion/vp';
export { createNetwork, type NetworkConfig } from './models/create';
export { type DiffusersModel, loadDiffusers, type LoadDiffusersOptions } from './models/diffusers/load';
export { createDit, type DitConfig, ditSizes } from './models/dit';
export { loadEdmWeights } from './models/edm-weights';
export { createResidualMlp, type ResidualMlpConfig } from './models/residual-mlp';
export { createUNet, type UNetConfig, type UNetDesign } from './models/unet';

// training and runs
export { openRun } from './store/run';
export type { Run } from './store/record';
export { defaultRoot } from './store/root';
export { findRun, findRuns, listRuns } from './store/runs';
export { exportRuns } from './store/export';
export { importRuns } from './store/import';
export { keep } from './store/results';
export { keptSteps, loadKeptWeights, loadWeights } from './store/weights';
export { type NpyArray, readNpy, writeNpy } from './store/npy';
export { readSafetensors, saveSafetensors } from './store/safetensors';
export type { TrainingConfig } from './training/config';
export type { LossPoint, TrainingProgress } from './training/progress';
export { train, type Trained, type TrainOptions } from './training/train';
export { trainRun } from './training/train-run';

// measures
export { accuracies, type CurveMeasurement, joinLevels } from './curve/curve';
export { analyseCurve, type Band } from './curve/analysis';
export { areaUnderRoc, clopperPearson, rocCurve, type RocPoint } from './curve/detection';
export {
  type Announcement,
  announcements,
  type SignalName,
  signalPoint,
  type SignalPoint,
  signals,
  statistics,
} from './curve/onset';
export { type CurveOptions, representationCurve, representationCurves } from './representation/curve';
export type { CurveProgress, CurvesOptions } from './representation/levels';
export { classPlane, type PlanePoints } from './representation/class-plane';
export { type Classifier, fitClassifier } from './representation/classifier';
export { type EnsembleMeasurement, probeEnsemble } from './representation/ensemble';
export { featureExtractor, features } from './representation/features';
export { type FeatureSnr, featureSnr, featureSnrCurves } from './representation/feature-snr';
export { icr, icrCurves } from './representation/icr';
export { corruptLabels } from './representation/label-noise';
export { fitLogisticRegression } from './representation/logistic-regression';
export { fitNormalization, type Normalization } from './representation/normalization';
export { type KeptShares, keptShares, type KeptSharesOptions } from './representation/kept-shares';
export { measureOverSigma, type SigmaCurve } from './representation/over-sigma';
export { type PosteriorEstimate, posteriorEstimates } from './representation/posterior';
export { fitProbe } from './representation/probe';
export { meanIous, segmentationCurve, type SegmentationMeasurement } from './representation/segmentation';
export { slicedWasserstein, wassersteinCurves } from './representation/sliced-wasserstein';
export { stableRank, stableRanks } from './representation/stable-rank';
export { nearestNeighbours } from './numerics/neighbours';
export {
  type Descriptor,
  featureDescriptor,
  loadDescriptor,
  type NetworkDescriptor,
  pixelDescriptor,
} from './generation/descriptor';
export { fid, frechetDistance, type Gaussian, gaussianOf } from './generation/fid';
export { type GeneralizationScore, generalizationScore } from './generation/score';

// experiments
export { type PresetName, presets, resolvePreset } from './experiments/presets';
export { loadData, requireConfig, splitData } from './experiments/build';
export { loadShowing } from './experiments/load-progress';
export {
  type ExperimentModel,
  experimentModel,
  type ExperimentModelOptions,
} from './experiments/experiment-model';
export { drawSamples, measure, measureCurve, type MeasuredModel, scoreSamples } from './experiments/measures';
export { type DynamicsOptions, learningDynamics, transitionAt } from './experiments/dynamics';
export type { DynamicsPoint } from './experiments/dynamics-point';
export { type DynamicsProgress, type ModelDynamics, runDynamics } from './experiments/run-dynamics';
export { measurable, openModel, type OpenModel } from './experiments/open-model';
export { type ModelResult, runModel } from './experiments/run-model';
export { type ModelCell, trainModel } from './experiments/train-model';
export { type Grid, type GridCell } from './experiments/grid';
export type { RayCluster } from './experiments/ray-jobs';
export { type FailedModel, type GridOutcome, requireComplete } from './experiments/grid-outcome';
export { type Sweep, sweep, sweepCommands, type SweepOptions } from './experiments/sweep';
export { type SweepRow, sweepRows } from './experiments/sweep-rows';
export {
  type StoredModel,
  storedResults,
  storeResults,
  type StoredResults,
} from './experiments/stored-results';
export {
  type Transition,
  transition,
  type TransitionOptions,
  type TransitionSize,
} from './experiments/transition';

// progress
export { createProgress, type Progress, type ProgressOptions } from './display/progress';

// figures and tables
export { dynamicsFigure } from './figures/dynamics';
export { createFigure, type Figure } from './figures/figure';
export { curveFigure } from './figures/curves';
export { imageGrid } from './figures/grid';
export { layerFigure } from './figures/layers';
export { type Line, type LinePanel, linesFigure } from './figures/lines';
export { type LiveFigure, liveFigure } from './figures/live';
export { lossFigure } from './figures/losses';
export { type MeasurePanel, measuresFigure } from './figures/measures';
export { posteriorFigure } from './figures/posterior';
export { sampleFigure } from './figures/samples';
export { type SegmentedImages, segmentationFigure } from './figures/segmentation';
export { summarizeTransition, type TransitionRow } from './figures/summary';
export { accuracyTable, tableOf, transitionTable } from './figures/tables';
export { transitionFigure } from './figures/transition';

// theory
export {
  type ClosedForm,
  closedForm,
  type Posterior,
  posteriorFeatures,
  posteriorMean,
} from './theory/closed-form';
export { molrgDataset } from './theory/dataset';
export { daeFeatures, subspaceErrors } from './theory/dae';
export { principalAngles } from './theory/linear';
export {
  ambientBasis,
  createMolrg,
  type Molrg,
  molrgFromBases,
  type MolrgSamples,
  sampleMolrg,
} from './theory/molrg';
export type { MolrgOptions } from './theory/molrg-options';
export { type Projection, projectEstimates } from './theory/projections';
export { ddpmSigmas, measuredSigmas, measuredSteps } from './theory/schedule';
export { closedFormEstimator, measureSnr, type SnrCurve, type SnrMeasurement, theorySnr } from './theory/snr';
export { approximateSnr, theorem1 } from './theory/theorem1';
export { type TrainedMolrg, trainMolrg } from './theory/train';
export { type TrainedVanilla, trainVanilla } from './theory/vanilla';
export { keptMolrg, keptVanilla } from './experiments/kept-theory';
export { molrgCurve } from './experiments/molrg-curve';
export { levelFigure, levelSlider, projectionFigure } from './figures/theory';
export { levelTable } from './figures/theory-table';
