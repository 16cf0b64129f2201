/** The pictures on the buttons, as strokes on a grid of 16 by 16. They take the colour of the text. */

const PATHS = {
  zoomIn: "M8 3v10M3 8h10",
  zoomOut: "M3 8h10",
  find: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.3 10.3L14 14",
  table: "M2 3h12v10H2zM2 6.5h12M2 9.8h12M6.5 3v10",
  leads: "M2 11.5h5M9 5.5h5v6H9zM7 8v5",
  picture: "M8 2v8M4.5 7L8 10.5L11.5 7M2.5 13.5h11",
  fullScreen: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  help: "M5.3 5.6a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 2M8 12.4v.9",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5l-5 5",
  fit: "M2 3v10M14 3v10M4.5 8h7M6.5 6l-2 2l2 2M9.5 6l2 2l-2 2",
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
