/** The toolbar's pictures, drawn with lines on a grid of 16. */

import { svg } from './dom.js';

const PATHS = {
  navigate: 'M3.5 2.5l9.5 4.6-4 1.4-1.4 4.2z',
  point: 'M8 1.5v3.2M8 11.3v3.2M1.5 8h3.2M11.3 8h3.2M8 6.4a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 1 1 0-3.2',
  box: 'M4 4h8v8H4zM2.5 2.5h3v3h-3zM10.5 2.5h3v3h-3zM2.5 10.5h3v3h-3zM10.5 10.5h3v3h-3z',
  line: 'M3 13L13 3M1.8 13.2a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 1 0-2.6 0M11.6 2.8a1.3 1.3 0 1 0 2.6 0 1.3 1.3 0 1 0-2.6 0',
  polyline: 'M2 13l3.5-8 4 5L14 3',
  polygon: 'M8 2l6 4.6-2.3 7H4.3L2 6.6z',
  freehand: 'M2 11.5c1.5-6 3.2-8.5 4.6-7.2S5 10.6 7 11s2.6-5 4.3-4.6-.2 4.6 2.7 4.4',
  oriented_box: 'M6.4 2.6l7 3.8-3.8 7-7-3.8z',
  ellipsoid: 'M8 3.6c3.6 0 6.4 2 6.4 4.4S11.6 12.4 8 12.4 1.6 10.4 1.6 8 4.4 3.6 8 3.6zM1.6 8c1.8 1.7 11 1.7 12.8 0',
  magnet: 'M3 2.5v6a5 5 0 0 0 10 0v-6h-3v6a2 2 0 0 1-4 0v-6zM3 5h3M10 5h3',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3',
  unlock: 'M4 7.5h8v6H4zM5.5 7.5V4.8a2.5 2.5 0 0 1 4.8-1',
  plus: 'M8 3v10M3 8h10',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  four: 'M2.5 2.5h4.6v4.6H2.5zM8.9 2.5h4.6v4.6H8.9zM2.5 8.9h4.6v4.6H2.5zM8.9 8.9h4.6v4.6H8.9z',
  volume: 'M8 1.8l5.4 3.1v6.2L8 14.2l-5.4-3.1V4.9zM2.6 4.9L8 8l5.4-3.1M8 8v6.2',
  slices: 'M8 2l6 2.7-6 2.7-6-2.7zM2 8l6 2.7L14 8M2 11.3L8 14l6-2.7',
  tape: 'M1.8 11L11 1.8l3.2 3.2L5 14.2zM4 8.8l1.4 1.4M6.2 6.6l2 2M8.4 4.4l1.4 1.4',
  pick: 'M9.2 3.6l3.2 3.2M10.8 2l3.2 3.2-2 2-3.2-3.2zM9.8 5.4L4 11.2l-1.6.8-.8 2 2-.8.8-1.6 5.8-5.8',
  more: 'M3.2 8h.1M8 8h.1M12.8 8h.1',
  reset: 'M2.2 8.2L8 3l5.8 5.2M4 7.2V13h8V7.2',
  undo: 'M5.5 3.5l-3 3 3 3M2.5 6.5h7a3.6 3.6 0 0 1 0 7.2H6',
  redo: 'M10.5 3.5l3 3-3 3M13.5 6.5h-7a3.6 3.6 0 0 0 0 7.2H10',
  camera: 'M1.8 4.9h3l1.1-1.6h4.2l1.1 1.6h3v8.2H1.8zM8 6.6a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 1 1 0-4.6',
  panel: 'M2 3h12v10H2zM10 3v10M11.5 5.5h1M11.5 7.5h1',
  help: 'M5.9 6.1A2.1 2.1 0 1 1 8.7 8c-.5.2-.7.6-.7 1.1v.5M8 11.9v.4',
  eye: 'M1.5 8S4 3.7 8 3.7 14.5 8 14.5 8 12 12.3 8 12.3 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 1 1 0-3.6',
  eyeOff: 'M1.5 8S4 3.7 8 3.7 14.5 8 14.5 8 12 12.3 8 12.3 1.5 8 1.5 8zM2.8 13.2L13.2 2.8',
  target: 'M8 3.4a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 1 1 0-9.2M8 1.2v3.4M8 11.4v3.4M1.2 8h3.4M11.4 8h3.4',
  trash: 'M3 4.5h10M6.2 4.5V2.8h3.6v1.7M4.4 4.5l.6 8.8h6l.6-8.8',
  chevron: 'M6 4l4 4-4 4',
  expand: 'M9.5 2.5h4v4M6.5 13.5h-4v-4M13.2 2.8L9.2 6.8M2.8 13.2l4-4',
  play: 'M5 3l8 5-8 5z',
  pause: 'M5.5 3v10M10.5 3v10',
  stepBack: 'M11.5 3.5L6 8l5.5 4.5zM4.5 3.5v9',
  stepForward: 'M4.5 3.5L10 8l-5.5 4.5zM11.5 3.5v9',
  loop: 'M4 6.5A3 3 0 0 1 7 4h5M10.3 2.2L12.2 4l-1.9 1.8M12 9.5A3 3 0 0 1 9 12H4M5.7 13.8L3.8 12l1.9-1.8',
  people: 'M6 3a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 1 1 0-4.4M1.8 13c.2-2.6 1.8-4 4.2-4s4 1.4 4.2 4M10.6 3.4a2 2 0 1 1 .3 3.9M12 9.3c1.4.5 2.1 1.8 2.2 3.7',
  close: 'M4 4l8 8M12 4l-8 8',
} as const;

export type IconName = keyof typeof PATHS;

/** An icon that takes the colour of the text around it. It says nothing to a screen reader: its button has a label. */
export function icon(name: IconName): SVGSVGElement {
  return svg(
    'svg',
    { class: 'voxbeam-icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: PATHS[name] }),
  );
}

/** Changes the picture of an icon made by {@link icon}. */
export function setIcon(element: SVGSVGElement, name: IconName): void {
  element.firstElementChild?.setAttribute('d', PATHS[name]);
}
