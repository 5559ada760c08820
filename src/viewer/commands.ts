/** What keys and buttons do. */

import type { LayerPatch } from '../annotation/model.js';
import type { Scene } from '../annotation/scene.js';
import { dolly, orbit } from '../renderer/camera.js';
import type { View } from '../renderer/views.js';
import type { Vec3 } from '../volume/geometry.js';
import { makeAnnotationCommands } from './annotate/annotation_commands.js';
import { isDrawingTool } from './annotate/drawing_state.js';
import type { AnnotationTools } from './annotation_tools.js';
import type { Instruments } from './instruments/instruments.js';
import type { Interactions } from './interactions.js';
import type { Commands } from './keyboard.js';
import type { Layout, ViewId } from './layout.js';
import type { Shell, ShellActions } from './shell.js';
import type { ShownLayers } from './shown_layers.js';
import type { LayerSources } from './layer_row.js';
import { zoomSlices } from './slice_controls.js';
import { paintKey } from './paint/paint_controls.js';
import type { People } from './people/people.js';
import type { Studio } from './studio.js';
import type { TimeControl } from './time/time_control.js';
import type { Tool, ViewStore } from './view_state.js';

/** What commands act on. Shell and interactions are made with the commands, so they are asked for when needed. */
export interface CommandContext {
  readonly scene: Scene;
  readonly store: ViewStore;
  readonly layers: ShownLayers;
  shell(): Shell;
  interactions(): Interactions;
  tools(): AnnotationTools;
  /** Ends the drag under way; tells whether there was one. */
  cancelDrag(): boolean;
  /** Whether this viewer may edit; where it may not, people are told so: it is asked when they try. */
  mayEdit(): boolean;
  /** The view that keys are for: the one pointed at last, where it is shown. */
  activeView(): View | undefined;
  /** The nearest place for the cross. */
  snap(place: Vec3): Vec3;
  /** Shows all of the volumes again. */
  fit(): void;
  studio(): Studio;
  refresh(): void;
  readonly sources: LayerSources;
  instruments(): Instruments;
  times(): TimeControl;
  people(): People;
}

/** The views of the keys 1 to 4. */
const DIGIT_VIEWS: readonly ViewId[] = ['axial', 'coronal', 'sagittal', 'volume'];
const ARROW_ANGLE = Math.PI / 36;
const ZOOM_STEP = 1.25;

/** All commands of one viewer. */
export function makeCommands(context: CommandContext): Commands & ShellActions {
  const { scene, store, layers } = context;
  const chooseTool = (tool: Tool) => {
    if (isDrawingTool(tool) && !context.mayEdit()) return;
    context.shell().setCursor(tool === 'navigate' ? '' : 'cross');
    store.update({ tool, ...(tool !== 'navigate' && { paint: undefined }) });
  };
  const toggleView = (view: ViewId) => store.update({ maximised: store.state.maximised === view ? undefined : view });
  const setLayer = (id: string, patch: LayerPatch) => {
    layers.set(id, patch);
    context.refresh();
  };
  const annotations = makeAnnotationCommands(context);
  return {
    toggleView,
    digit(number) {
      const view = DIGIT_VIEWS[number - 1];
      if (!annotations.digit(number) && view) toggleView(view);
    },
    setLayer,
    sources: context.sources,
    showAll: () => store.update({ maximised: undefined, layout: 'four' }),
    layout: (layout: Layout) => store.update({ layout, maximised: undefined }),
    reset: () => context.fit(),
    arrow(dx, dy, fast) {
      const { keys } = context.interactions();
      if (keys.move(dx, dy, fast)) return;
      const view = context.activeView();
      if (view?.kind === 'slice') context.interactions().step(view, (dy || dx) * (fast ? 10 : 1));
      else if (view) {
        context.interactions().movedForAWhile();
        const angle = ARROW_ANGLE * (fast ? 4 : 1);
        store.update({ camera: orbit(store.state.camera, -dx * angle, dy * angle) });
      }
    },
    slice(by) {
      const view = context.activeView();
      if (view?.kind === 'slice') context.interactions().step(view, by);
    },
    zoom(closer) {
      const view = context.activeView();
      const factor = closer ? 1 / ZOOM_STEP : ZOOM_STEP;
      if (view?.kind === 'slice') {
        const { x, y, width, height } = view.rect;
        store.update(zoomSlices(store.state, view, factor, [x + width / 2, y + height / 2]));
      } else if (view) {
        context.interactions().movedForAWhile();
        store.update({ camera: dolly(store.state.camera, factor) });
      }
    },
    toggleMode() {
      const mode = layers.leading?.layer.mode === 'mip' ? 'dvr' : 'mip';
      for (const { layer } of layers.list) if (layer.kind === 'image') setLayer(layer.id, { mode });
    },
    screenshot: () => void context.studio().save(),
    studio: (what) => (what === 'movie' ? context.studio().openMovie() : context.studio().openPicture()),
    tool: chooseTool,
    paintKey: (key) => paintKey(context.instruments().paint, key),
    escape() {
      const { help } = context.shell();
      const { keys } = context.interactions();
      if (context.cancelDrag() || keys.cancel() || context.tools().cancel() || context.people().escape() || context.instruments().paint.underWay.cancel()) return;
      if (help.hidden && keys.leave()) return;
      if (!help.hidden) help.hidden = true;
      else if (store.state.paint) store.update({ paint: undefined });
      else if (store.state.tool !== 'navigate') chooseTool('navigate');
      else if (store.state.selected !== undefined) store.update({ selected: undefined });
      else store.update({ maximised: undefined });
    },
    play: (hold) => context.interactions().keys.press(context.activeView(), hold) || context.times().togglePlay(),
    timeStep: (by) => context.times().step(by),
    instrument: (name) => context.instruments().key(name),
    deleteSelected() {
      const tools = context.tools();
      if (tools.path.back() || context.instruments().removeSelected() || tools.removeVertex()) return;
      annotations.removeSelected();
    },
    finish: () => void (context.tools().path.finish() || context.interactions().keys.release()),
    selectAll: () => annotations.selectAll(),
    copy: annotations.copy,
    paste: annotations.paste,
    duplicate: annotations.duplicate,
    toggleSnap: annotations.toggleSnap,
    stepMark: annotations.step,
    undo: () => context.instruments().paint.undo(false) || context.tools().path.back() || (context.mayEdit() && scene.undo()),
    redo: () => context.instruments().paint.undo(true) || (context.mayEdit() && scene.redo()),
    togglePanel() {
      context.shell().togglePanel();
      context.refresh();
    },
    people: () => context.people().panel.toggle(),
    help() {
      const { help } = context.shell();
      help.hidden = !help.hidden;
      if (!help.hidden) help.querySelector('button')?.focus();
    },
    annotations,
  };
}
