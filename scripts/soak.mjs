// npm run soak: the fault campaigns of the tests in full, with a seed of chance or the one given (npm run soak -- --seed 7).
import { parseArgs } from 'node:util';
import { command, environment, python, run } from './process.mjs';

await command(async () => {
  const { values } = parseArgs({ options: { seed: { type: 'string' } } });
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`seed ${seed}\n`);
  const env = environment({ VOXBEAM_SOAK: '1', VOXBEAM_KILLS: '20', VOXBEAM_SEED: seed });
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', 'test/unit/faults', 'test/unit/sidecar/durable', 'test/unit/sidecar/damaged', '--forceExit', '--runInBand'];
  const results = [
    await run(process.execPath, jest, { allowFailure: true, env }),
    await run(python, ['-m', 'pytest', '-q', '-s', 'test/python/test_sidecar_killed.py', 'test/python/test_durable.py'], { allowFailure: true, env }),
  ];
  for (const { output } of results) process.stdout.write(output);
  process.stdout.write(`seed ${seed}\n`);
  return results.every(({ code }) => code === 0) ? 0 : 1;
});
