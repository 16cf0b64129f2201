// Serves the harness on this machine only, and bundles it anew at each request: npm run dev.
import { fileURLToPath } from "node:url";
import { context } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const server = await context({
  entryPoints: { harness: `${here}harness.ts`, widget: `${here}../src/widget.css` },
  bundle: true,
  format: "esm",
  outdir: here,
  write: false,
});
const { hosts, port } = await server.serve({ servedir: here, host: "127.0.0.1", port: Number(process.env.PORT ?? 0) });
console.log(`http://${hosts[0]}:${port}/?case=thousand&theme=light`);
