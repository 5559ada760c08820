/** Looks of the side panel, its fields, and the help overlay. */

export const PANEL_STYLE = `
.voxbeam-panel {
  width: 252px; overflow: hidden auto; background: var(--vb-panel); border-left: 1px solid var(--vb-border); scrollbar-width: thin; min-height: 0;
}
@container (max-width: 620px) {
  .voxbeam-panel { position: absolute; right: 0; top: 33px; bottom: 23px; z-index: 4; box-shadow: -6px 0 18px rgb(0 0 0 / 25%); }
}
.voxbeam-section > h2 {
  position: sticky; top: 0; z-index: 1; display: flex; align-items: center; gap: 6px; margin: 0; padding: 7px 10px 5px; background: var(--vb-panel);
  font-size: 11px; font-weight: 600; letter-spacing: 0.04em; text-transform: uppercase; color: var(--vb-muted);
}
.voxbeam-section + .voxbeam-section { border-top: 1px solid var(--vb-border); }
.voxbeam-section h2 .voxbeam-count { font-weight: 400; letter-spacing: 0; }
.voxbeam-empty { margin: 0; padding: 2px 10px 12px; color: var(--vb-muted); }
.voxbeam-layer { padding: 0 8px 8px; }
.voxbeam-layer + .voxbeam-layer { border-top: 1px solid color-mix(in srgb, var(--vb-border) 55%, transparent); padding-top: 4px; }
.voxbeam-row { display: flex; align-items: center; gap: 4px; min-width: 0; }
.voxbeam-layer-name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.voxbeam-layer-name { cursor: grab; touch-action: none; user-select: none; }
.voxbeam-layer[data-dragged] { opacity: 0.5; cursor: grabbing; }
.voxbeam-layer[data-drop='before'] { box-shadow: inset 0 2px var(--vb-accent); }
.voxbeam-layer[data-drop='after'] { box-shadow: inset 0 -2px var(--vb-accent); }
.voxbeam-layer[data-visible='false'] .voxbeam-layer-name { color: var(--vb-muted); font-weight: 400; }
.voxbeam-chip { font-size: 10px; color: var(--vb-muted); border: 1px solid var(--vb-border); border-radius: 8px; padding: 0 6px; line-height: 15px; flex: none; }
.voxbeam-image { padding: 0 8px 6px; }
.voxbeam-image + .voxbeam-layer, .voxbeam-layer + .voxbeam-image, .voxbeam-image + .voxbeam-image { border-top: 1px solid color-mix(in srgb, var(--vb-border) 55%, transparent); padding-top: 4px; }
.voxbeam-image-name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.voxbeam-image[data-visible='false'] .voxbeam-image-name { color: var(--vb-muted); font-weight: 400; }
.voxbeam-channels { margin: 5px 0 0 8px; border-left: 2px solid var(--vb-border); }
.voxbeam-channels[hidden] { display: none; }
.voxbeam-channels .voxbeam-layer { padding: 2px 0 5px 6px; }
.voxbeam-channel { padding: 1px 2px 2px 30px; }
.voxbeam-facts[hidden] { display: none; }
.voxbeam-facts { margin: 0 2px 5px 30px; color: var(--vb-muted); font-size: 11px; overflow-wrap: anywhere; }
.voxbeam-facts[data-tone='bad'] { color: var(--vb-warn); }
.voxbeam-fields { display: grid; grid-template-columns: 56px minmax(0, 1fr); align-items: center; gap: 6px 8px; padding: 2px 2px 0 4px; }
.voxbeam-fields[hidden] { display: none; }
.voxbeam-fields > label, .voxbeam-fields > .voxbeam-label { color: var(--vb-muted); }
.voxbeam-chevron .voxbeam-icon { transition: transform 0.12s; }
.voxbeam-chevron[aria-expanded='true'] .voxbeam-icon { transform: rotate(90deg); }
.voxbeam input { font: inherit; color: inherit; accent-color: var(--vb-accent); margin: 0; min-width: 0; }
.voxbeam input[type='number'], .voxbeam input[type='text'] {
  width: 100%; height: 22px; padding: 0 5px; border: 1px solid var(--vb-border); border-radius: 4px; background: var(--vb-bg);
  font-variant-numeric: tabular-nums; appearance: textfield; -moz-appearance: textfield;
}
.voxbeam input[type='number']::-webkit-inner-spin-button { display: none; }
.voxbeam input[type='color'] { width: 18px; height: 18px; padding: 0; border: none; border-radius: 50%; overflow: hidden; background: none; cursor: pointer; flex: none; }
.voxbeam input[type='color']::-webkit-color-swatch-wrapper { padding: 1px; }
.voxbeam input[type='color']::-webkit-color-swatch { border: none; border-radius: 50%; }
.voxbeam input[type='range'] { appearance: none; -webkit-appearance: none; width: 100%; height: 16px; background: none; cursor: pointer; }
.voxbeam input[type='range']::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: var(--vb-raised); border: none; }
.voxbeam input[type='range']::-moz-range-track { height: 4px; border-radius: 2px; background: var(--vb-raised); }
.voxbeam input[type='range']::-webkit-slider-thumb {
  appearance: none; -webkit-appearance: none; width: 12px; height: 12px; margin-top: -4px; border-radius: 50%; background: var(--vb-accent);
  border: 2px solid var(--vb-panel); pointer-events: auto;
}
.voxbeam input[type='range']::-moz-range-thumb { width: 9px; height: 9px; border-radius: 50%; background: var(--vb-accent); border: 2px solid var(--vb-panel); pointer-events: auto; }
.voxbeam-window { display: grid; grid-template-columns: 1fr 1fr auto; gap: 3px 4px; }
.voxbeam-window button { height: 22px; }
.voxbeam-range { position: relative; height: 16px; grid-column: 1 / -1; }
.voxbeam-range::before { content: ''; position: absolute; left: 0; right: 0; top: 6px; height: 4px; border-radius: 2px; background: var(--vb-raised); }
.voxbeam-range > div { position: absolute; top: 6px; height: 4px; background: var(--vb-accent); opacity: 0.55; }
.voxbeam-range > input { position: absolute; inset: 0; pointer-events: none; }
.voxbeam-range > input[type='range']::-webkit-slider-runnable-track { background: none; }
.voxbeam-range > input[type='range']::-moz-range-track { background: none; }
.voxbeam-switch { display: flex; border: 1px solid var(--vb-border); border-radius: 5px; overflow: hidden; }
.voxbeam-switch button { flex: 1; height: 20px; border-radius: 0; font-size: 11px; }
.voxbeam-colormap { position: relative; }
.voxbeam .voxbeam-colormap > button { width: 100%; height: 22px; justify-content: flex-start; border: 1px solid var(--vb-border); border-radius: 4px; padding: 0 5px; gap: 6px; color: var(--vb-text); }
.voxbeam-swatch { width: 62px; height: 11px; border-radius: 2px; flex: none; }
.voxbeam-options {
  position: absolute; left: 0; right: 0; top: 24px; z-index: 6; display: grid; padding: 3px; background: var(--vb-panel); border: 1px solid var(--vb-border);
  border-radius: 6px; box-shadow: 0 6px 20px rgb(0 0 0 / 35%); max-height: 240px; overflow: auto;
}
.voxbeam-options[hidden] { display: none; }
.voxbeam .voxbeam-options button { justify-content: flex-start; gap: 6px; color: var(--vb-text); }
.voxbeam .voxbeam-options button[aria-selected='true'] { color: var(--vb-accent); }
.voxbeam-help {
  position: absolute; inset: 0; z-index: 7; display: grid; place-items: center; padding: 12px; overflow: auto; background: rgb(0 0 0 / 45%);
}
.voxbeam-help > div { max-width: 760px; padding: 12px 18px 16px; border-radius: 10px; background: var(--vb-panel); border: 1px solid var(--vb-border); }
.voxbeam-help h2 { display: flex; justify-content: space-between; align-items: center; margin: 0 0 8px; font-size: 14px; }
.voxbeam-help dl { display: grid; grid-template-columns: auto 1fr auto 1fr; gap: 4px 12px; margin: 0; }
.voxbeam-help dt { text-align: right; white-space: nowrap; }
.voxbeam-help dd { margin: 0; color: var(--vb-muted); }
.voxbeam-help kbd { font: 11px ui-monospace, SFMono-Regular, Menlo, monospace; padding: 1px 5px; border: 1px solid var(--vb-border); border-bottom-width: 2px; border-radius: 4px; background: var(--vb-bg); color: var(--vb-text); }
@container (max-width: 560px) { .voxbeam-help dl { grid-template-columns: auto 1fr; } }
`;
