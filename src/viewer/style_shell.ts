/** Looks of the frame: colours, toolbar, stage, footer. Everything is under `.voxbeam`, so a notebook's own styles stay untouched. */

export const SHELL_STYLE = `
.voxbeam {
  --vb-bg: #14161a; --vb-panel: #1b1e23; --vb-raised: #252930; --vb-border: #30353d; --vb-text: #e7eaee;
  --vb-muted: #98a1ad; --vb-accent: #5aa9ff; --vb-warn: #f0b34a; --vb-bad: #ff7b72;
  color-scheme: dark;
  display: grid; grid-template: auto minmax(0, 1fr) auto auto / minmax(0, 1fr) auto; position: relative;
  box-sizing: border-box; width: 100%; height: 100%; min-height: 200px; overflow: hidden; container-type: size;
  background: var(--vb-bg); color: var(--vb-text);
  font: 12px/1.35 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
  -webkit-font-smoothing: antialiased; text-align: left;
}
.voxbeam[data-theme='light'] {
  --vb-bg: #ffffff; --vb-panel: #f7f8fa; --vb-raised: #e9ecf0; --vb-border: #d7dce2; --vb-text: #1c2229;
  --vb-muted: #5b6673; --vb-accent: #1668dc; --vb-warn: #9a6200; --vb-bad: #c62828;
  color-scheme: light;
}
.voxbeam[data-host='jupyter'] {
  --vb-panel: var(--jp-layout-color1, #1b1e23); --vb-raised: var(--jp-layout-color2, #252930);
  --vb-border: var(--jp-border-color2, #30353d); --vb-text: var(--jp-ui-font-color1, #e7eaee);
  --vb-muted: var(--jp-ui-font-color2, #98a1ad); --vb-accent: var(--jp-brand-color1, #5aa9ff);
}
.voxbeam[data-early='picture'] > :not(.voxbeam-stage), .voxbeam[data-early='picture'] .voxbeam-stage > :not(.voxbeam-canvas),
.voxbeam[data-early='detail'] > :is(.voxbeam-toolbar, .voxbeam-panel) { visibility: hidden; }
.voxbeam *, .voxbeam *::before { box-sizing: border-box; }
.voxbeam:focus, .voxbeam:focus-visible { outline: none; }
.voxbeam:focus-visible::after {
  content: ''; position: absolute; inset: 0; border: 1px solid var(--vb-accent); pointer-events: none; z-index: 9; opacity: 0.8;
}
.voxbeam button {
  all: unset; box-sizing: border-box; display: inline-flex; align-items: center; justify-content: center; gap: 4px;
  min-width: 26px; height: 26px; padding: 0 5px; border-radius: 5px; color: var(--vb-muted); cursor: pointer; flex: none;
}
.voxbeam button:hover { background: var(--vb-raised); color: var(--vb-text); }
.voxbeam button:focus-visible, .voxbeam input:focus-visible, .voxbeam [role='slider']:focus-visible {
  outline: 2px solid var(--vb-accent); outline-offset: -1px;
}
.voxbeam button[aria-pressed='true'] {
  background: color-mix(in srgb, var(--vb-accent) 20%, transparent); color: var(--vb-accent);
}
.voxbeam button:disabled { opacity: 0.35; cursor: default; background: none; }
.voxbeam-icon { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.3; stroke-linejoin: round; stroke-linecap: round; }
.voxbeam-toolbar {
  grid-column: 1 / -1; display: flex; align-items: center; gap: 2px; padding: 3px 6px; min-width: 0; overflow: hidden;
  background: var(--vb-panel); border-bottom: 1px solid var(--vb-border);
}
.voxbeam-group { display: flex; gap: 1px; flex: none; }
.voxbeam-group + .voxbeam-group { margin-left: 5px; padding-left: 6px; border-left: 1px solid var(--vb-border); }
.voxbeam-space { flex: 1; min-width: 4px; }
.voxbeam-title { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--vb-muted); padding: 0 6px; }
.voxbeam-stage { position: relative; min-width: 0; min-height: 0; overflow: hidden; background: var(--vb-bg); user-select: none; -webkit-user-select: none; }
.voxbeam-stage > canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; touch-action: none; }
.voxbeam-stage > canvas.voxbeam-overlay, .voxbeam-stage > canvas.voxbeam-moved { pointer-events: none; }
.voxbeam-stage > canvas.voxbeam-moved { inset: 0 auto auto 0; will-change: transform; }
.voxbeam-stage > canvas.voxbeam-moved[hidden] { display: none; }
.voxbeam-stage[data-cursor='cross'] { cursor: crosshair; }
.voxbeam-stage[data-cursor='grab'] { cursor: grab; }
.voxbeam-stage[data-cursor='grabbing'] { cursor: grabbing; }
.voxbeam-stage[data-cursor='pointer'] { cursor: pointer; }
.voxbeam-stage[data-cursor='move'] { cursor: move; }
.voxbeam .voxbeam-maximise { position: absolute; opacity: 0; transition: opacity 0.12s; background: color-mix(in srgb, var(--vb-panel) 70%, transparent); }
.voxbeam .voxbeam-stage:hover .voxbeam-maximise, .voxbeam .voxbeam-maximise:focus-visible { opacity: 0.85; }
.voxbeam .voxbeam-maximise[hidden] { display: none; }
.voxbeam-message {
  position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 6px; padding: 24px; text-align: center;
  background: var(--vb-bg); color: var(--vb-muted); pointer-events: none;
}
.voxbeam-message strong { color: var(--vb-text); font-size: 14px; font-weight: 600; }
.voxbeam-message p { margin: 0; max-width: 46ch; }
.voxbeam-banner {
  position: absolute; top: 8px; left: 50%; transform: translateX(-50%); max-width: calc(100% - 24px); z-index: 3; display: flex; align-items: center;
  gap: 8px; padding: 5px 6px 5px 12px; border-radius: 6px; background: var(--vb-panel); color: var(--vb-text);
  border: 1px solid var(--vb-border); border-left: 3px solid var(--vb-warn); box-shadow: 0 4px 16px rgb(0 0 0 / 25%);
}
.voxbeam-banner[data-tone='bad'] { border-left-color: var(--vb-bad); }
.voxbeam-message[hidden], .voxbeam-banner[hidden], .voxbeam-help[hidden], .voxbeam-panel[hidden] { display: none; }
.voxbeam-footer {
  grid-column: 1 / -1; display: flex; align-items: center; gap: 12px; height: 23px; padding: 0 10px; position: relative; min-width: 0;
  background: var(--vb-panel); border-top: 1px solid var(--vb-border); color: var(--vb-muted); white-space: nowrap;
  font-variant-numeric: tabular-nums; font-size: 11px;
}
.voxbeam-footer span:empty { display: none; }
.voxbeam-footer .voxbeam-kept { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline dotted; }
.voxbeam-footer [data-saved='unsaved'] { color: var(--vb-bad); font-weight: 700; }
.voxbeam-footer .voxbeam-kept:disabled { cursor: default; text-decoration: none; }
.voxbeam-footer [data-footer='cursor'] { color: var(--vb-text); overflow: hidden; text-overflow: ellipsis; flex: 0 1 auto; min-width: 0; }
.voxbeam-footer [data-footer='message'] { flex: 1 1 0; overflow: hidden; text-overflow: ellipsis; min-width: 0; color: var(--vb-warn); }
.voxbeam-footer [data-footer='message']:empty { display: block; }
.voxbeam-footer [data-footer='transport']::before {
  content: ''; display: inline-block; width: 6px; height: 6px; border-radius: 50%; margin-right: 5px; background: var(--vb-warn); vertical-align: 1px;
}
.voxbeam[data-connection='open'] [data-footer='transport']::before { background: #3fb950; }
.voxbeam[data-connection='closed'] [data-footer='transport']::before { background: var(--vb-bad); }
.voxbeam-progress { position: absolute; left: 0; top: -1px; height: 2px; width: 100%; background: var(--vb-accent); transform-origin: left; }
@container (max-width: 620px) { .voxbeam-footer [data-footer='fps'], .voxbeam-footer [data-footer='bytes'], .voxbeam-footer [data-footer='kept'] { display: none; } .voxbeam-title { display: none; } }
@container (max-width: 620px) { .voxbeam-group[data-group='history'] { display: none; } }
@container (max-width: 540px) { .voxbeam-group[data-group='tools'] > :not([data-tool='navigate']) { display: none; } }
@container (max-width: 440px) { .voxbeam-footer [data-footer='level'] { display: none; } .voxbeam-group[data-group='view'] { display: none; } }
`;
