import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'test/**/*.test.ts',
      'tools/**/*.test.ts',
      'dashboard/src/**/*.test.{ts,tsx}',
    ],
    exclude: ['**/node_modules/**', 'test/long/**'],
    globalSetup: ['test/builders/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more workers only take turns, and each keeps its own database connections.
    maxWorkers: 2,
  },
})
