// Bundles one script of this folder for the benchmarks: node dev/bundle.mjs ENTRY OUTFILE.
import { build } from "esbuild";

const [entry, outfile] = process.argv.slice(2);
await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  minify: true,
  format: "iife",
  logLevel: "warning",
});
