// Bundles the front end into the Python package. Nothing is fetched and nothing is imported at run time: each file stands alone.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const json = (path) => JSON.parse(readFileSync(here(path), "utf8"));

// The same as src/places/version.ts says: Python writes it into each output that carries these files.
const version = `${json("package.json").version}/${json("../poolviz/wire/schema.json").version}`;

const common = {
  bundle: true,
  minify: true,
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

await Promise.all([
  build({
    ...common,
    entryPoints: [here("src/widget.ts")],
    format: "esm",
    outfile: here("../poolviz/timeline/static/widget.js"),
  }),
  build({
    ...common,
    entryPoints: [here("src/page.ts")],
    format: "iife",
    outfile: here("../poolviz/timeline/static/page.js"),
  }),
  build({
    ...common,
    entryPoints: [here("src/output.ts")],
    format: "iife",
    banner: { js: `/*poolviz ${version}*/` },
    outfile: here("../poolviz/timeline/static/output.js"),
  }),
  build({ ...common, entryPoints: [here("src/widget.css")], outfile: here("../poolviz/timeline/static/widget.css") }),
]);
