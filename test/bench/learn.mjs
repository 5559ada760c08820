// From scribbles to a prediction: training, the slice that is looked at, and voxels a second beside the plain call of scikit-learn.
import { median, pythonJson, row } from './support.mjs';

export async function run() {
  const { labelled, train, again, slice, plain, predicted, rate, whole } = await pythonJson('learn.py', [5]);
  return [
    row(`training on ${labelled} labelled voxels, features included`, median(train), 's', { limit: ['<=', 2] }),
    row('the same, warm, after 500 more', median(again), 's'),
    row('trained → the three slices in view are predicted and told to viewers (192 × 192 and two of 64 × 192)', median(slice), 's', { limit: ['<=', 1] }),
    row('prediction, features included (reference: predict_proba of scikit-learn on the same features, one call, all processors)', median(predicted) / 1e6, 'Mvoxel/s', {
      reference: median(plain) / 1e6,
    }),
    row('the same, features alone', median(rate) / 1e6, 'Mvoxel/s'),
    row('trained → all of 64 × 192 × 192 is predicted', median(whole), 's'),
  ];
}
