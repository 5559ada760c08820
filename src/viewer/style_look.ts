/** Looks of a layer's settings: the transfer function, its colours, presets, labels. */

export const LOOK_STYLE = `
.voxbeam select {
  font: inherit; color: inherit; height: 22px; width: 100%; min-width: 0; padding: 0 3px; border: 1px solid var(--vb-border); border-radius: 4px; background: var(--vb-bg);
}
.voxbeam select:focus-visible, .voxbeam summary:focus-visible, .voxbeam textarea:focus-visible, .voxbeam-virtual:focus-visible { outline: 2px solid var(--vb-accent); outline-offset: -1px; }
.voxbeam-wide { grid-column: 1 / -1; min-width: 0; }
.voxbeam .voxbeam-order { min-width: 18px; height: 22px; padding: 0 2px; }
.voxbeam-pair { display: flex; gap: 4px; align-items: center; min-width: 0; }
.voxbeam-grow > :first-child { flex: 1; }
.voxbeam-pair > select, .voxbeam .voxbeam-pair > input[type='text'] { flex: 1; width: 0; }
.voxbeam .voxbeam-fields .voxbeam-words { border: 1px solid var(--vb-border); padding: 0 6px; }
.voxbeam-preset-more { display: grid; gap: 4px; margin-top: 4px; }
.voxbeam-preset-more[hidden] { display: none; }
.voxbeam-said { margin: 0; min-height: 14px; font-size: 11px; line-height: 14px; color: var(--vb-muted); overflow-wrap: anywhere; display: block; }
.voxbeam-slider { display: grid; grid-template-columns: minmax(0, 1fr) 38px; gap: 6px; align-items: center; }
.voxbeam-slider[hidden], .voxbeam-fields > .voxbeam-label[hidden] { display: none; }
.voxbeam-amount { color: var(--vb-muted); font-size: 11px; font-variant-numeric: tabular-nums; text-align: right; }
.voxbeam-tick { display: inline-flex; gap: 4px; align-items: center; color: var(--vb-muted); white-space: nowrap; }
.voxbeam-transfer { display: grid; gap: 2px; }
.voxbeam-opacity { display: block; width: 100%; height: 84px; border: 1px solid var(--vb-border); border-radius: 4px; background: var(--vb-bg); touch-action: none; overflow: hidden; cursor: ew-resize; }
.voxbeam-opacity .voxbeam-band { fill: var(--vb-accent); opacity: 0.08; }
.voxbeam-opacity .voxbeam-histogram { fill: var(--vb-muted); opacity: 0.34; pointer-events: none; }
.voxbeam-opacity .voxbeam-curve { fill: none; stroke: var(--vb-accent); stroke-width: 1.5; pointer-events: none; }
.voxbeam-opacity .voxbeam-ramp { fill: none; stroke: transparent; stroke-width: 7; cursor: move; }
.voxbeam-opacity .voxbeam-ramp:hover { stroke: color-mix(in srgb, var(--vb-accent) 25%, transparent); }
.voxbeam-opacity circle { fill: var(--vb-panel); stroke: var(--vb-accent); stroke-width: 1.5; cursor: grab; }
.voxbeam-opacity circle:hover, .voxbeam-opacity circle:focus { fill: var(--vb-accent); outline: none; }
.voxbeam-end { cursor: col-resize; outline: none; }
.voxbeam-end path { stroke: var(--vb-muted); stroke-width: 1; fill: none; }
.voxbeam-end rect { fill: var(--vb-muted); }
.voxbeam-end .voxbeam-reach { fill: transparent; }
.voxbeam-end:hover path, .voxbeam-end:focus path { stroke: var(--vb-accent); stroke-width: 2; }
.voxbeam-end:hover rect:not(.voxbeam-reach), .voxbeam-end:focus rect:not(.voxbeam-reach) { fill: var(--vb-accent); }
.voxbeam-strip { height: 7px; border-radius: 2px; }
.voxbeam-options > .voxbeam-pair { position: sticky; top: -3px; z-index: 1; padding: 4px 2px; background: var(--vb-panel); }
.voxbeam .voxbeam-options [role='option'] { width: 100%; height: 20px; padding: 0 4px; }
.voxbeam-option-group { padding: 5px 4px 2px; font-size: 10px; letter-spacing: 0.04em; text-transform: uppercase; color: var(--vb-muted); }
.voxbeam-fold { grid-column: 1 / -1; min-width: 0; }
.voxbeam-fold > summary { cursor: pointer; color: var(--vb-muted); border-radius: 4px; }
.voxbeam-fold > summary + * { margin-top: 5px; }
.voxbeam-transform { display: grid; grid-template-columns: 40px repeat(3, minmax(0, 1fr)); gap: 4px; align-items: center; }
.voxbeam-transform > .voxbeam-words { grid-column: 1 / -1; justify-self: start; }
.voxbeam-virtual { position: relative; overflow: auto; border: 1px solid var(--vb-border); border-radius: 4px; background: var(--vb-bg); scrollbar-width: thin; }
.voxbeam-rows { position: relative; }
.voxbeam-label-row { position: absolute; left: 0; right: 0; display: grid; grid-template-columns: 18px minmax(0, 1fr) auto; gap: 4px; align-items: center; padding: 0 6px 0 4px; }
.voxbeam .voxbeam-label-row > button { height: 20px; justify-content: flex-start; font-variant-numeric: tabular-nums; color: var(--vb-text); min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.voxbeam .voxbeam-label-row > button[aria-pressed='true'] { color: var(--vb-accent); }
.voxbeam-shader { display: grid; gap: 5px; }
.voxbeam-code { display: grid; grid-template-columns: auto minmax(0, 1fr); border: 1px solid var(--vb-border); border-radius: 4px; background: var(--vb-bg); overflow: hidden; }
.voxbeam-line-numbers, .voxbeam textarea { font: 11px/15px ui-monospace, SFMono-Regular, Menlo, monospace; margin: 0; padding: 4px; }
.voxbeam-line-numbers { max-height: 240px; height: 0; min-height: 100%; overflow: hidden; text-align: right; color: var(--vb-muted); background: var(--vb-raised); user-select: none; }
.voxbeam-line-numbers [data-bad] { color: var(--vb-bad); font-weight: 700; }
.voxbeam textarea { width: 100%; min-width: 0; border: none; resize: vertical; max-height: 240px; color: inherit; background: none; white-space: pre; tab-size: 2; }
.voxbeam-faults { margin: 0; padding: 0; list-style: none; }
.voxbeam .voxbeam-faults button { height: auto; min-height: 20px; width: 100%; justify-content: flex-start; text-align: left; color: var(--vb-bad); font-size: 11px; overflow-wrap: anywhere; }
.voxbeam-uniforms { display: grid; grid-template-columns: 56px minmax(0, 1fr); gap: 4px 8px; align-items: center; }
.voxbeam-uniforms > .voxbeam-label { overflow: hidden; text-overflow: ellipsis; color: var(--vb-muted); }
`;
