/** Where places and opacities are in the drawing of a transfer function, in units of its view box. */

export const WIDTH = 236;
export const HEIGHT = 84;
export const PAD = 6;
/** Places shown beyond each end of the window. */
export const MARGIN = 0.12;

export const toX = (place: number): number => PAD + ((place + MARGIN) / (1 + 2 * MARGIN)) * (WIDTH - 2 * PAD);
export const toY = (opacity: number): number => HEIGHT - PAD - opacity * (HEIGHT - 2 * PAD);
export const toPlace = (x: number): number => ((x - PAD) / (WIDTH - 2 * PAD)) * (1 + 2 * MARGIN) - MARGIN;
export const toOpacity = (y: number): number => (HEIGHT - PAD - y) / (HEIGHT - 2 * PAD);
