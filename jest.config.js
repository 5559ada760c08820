export default {
  testEnvironment: 'node',
  testTimeout: 120_000, // for a machine that is ten times slower and busy; what hangs is still found
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/(unit|conformance)/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '\\.(css|glsl|html)$': '<rootDir>/test/text_asset.ts',
    '^voxbeam:worker$': '<rootDir>/test/text_asset.ts',
    '^voxbeam:zstd$': '<rootDir>/test/zstd_asset.ts',
  },
  transform: { '^.+\\.ts$': '<rootDir>/test/transform.mjs' },
};
