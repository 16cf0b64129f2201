import { defineConfig } from "vitest/config";

// Twins are slow, and the machine may be busy: the limit only ends what hangs.
export default defineConfig({ test: { include: ["tests/**/*.test.ts"], testTimeout: 60_000 } });
