/** The one thing that a view changes about the notebook around it, for the processor's sake; nobody sees it. */

import { adopt } from '../viewer/styles.js';

/**
 * Gives the toolbar of a notebook's active cell a layer of its own. A layer with half a dozen icons is painted by multisampling, and that of a notebook's
 * cells, which holds their outputs too, is one only because of this toolbar: where a processor draws, whatever changed in it, a word in the viewer's footer or
 * the number of a cell, cost tens of milliseconds more.
 */
export const isolateCellToolbars = (page: Document): void => adopt(page, '.jp-cell-toolbar { will-change: transform; }');
