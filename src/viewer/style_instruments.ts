/** Looks of the instruments: their menu, their sections of the side panel, their dialogs. */

export const INSTRUMENT_STYLE = `
.voxbeam-menu {
  position: absolute; right: 6px; top: 34px; z-index: 6; min-width: 230px; max-height: calc(100% - 64px); overflow: auto; padding: 4px;
  background: var(--vb-panel); border: 1px solid var(--vb-border); border-radius: 8px; box-shadow: 0 8px 24px rgb(0 0 0 / 35%); scrollbar-width: thin;
}
.voxbeam-menu[hidden], .voxbeam-section[hidden] { display: none; }
.voxbeam-menu > [role='group'] + [role='group'] { margin-top: 4px; padding-top: 4px; border-top: 1px solid var(--vb-border); }
.voxbeam .voxbeam-menu button { display: flex; width: 100%; justify-content: flex-start; gap: 8px; padding: 0 8px 0 24px; color: var(--vb-text); position: relative; }
.voxbeam .voxbeam-menu button:focus { background: var(--vb-raised); }
.voxbeam-menu button > span { flex: 1; }
.voxbeam-menu button[aria-checked='true']::before { content: '✓'; position: absolute; left: 8px; color: var(--vb-accent); }
.voxbeam-menu kbd { font: 11px ui-monospace, SFMono-Regular, Menlo, monospace; color: var(--vb-muted); }
.voxbeam-instrument { padding: 0 8px 8px; display: grid; gap: 4px; }
.voxbeam-clip-row { display: grid; grid-template-columns: 14px 1fr 1fr; gap: 4px; align-items: center; }
.voxbeam-clip-plane { display: grid; grid-template-columns: minmax(0, 1fr) 70px auto; gap: 4px; align-items: center; color: var(--vb-muted); }
.voxbeam-clip-plane > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.voxbeam-plane-row { display: grid; grid-template-columns: 56px 1fr; gap: 6px; align-items: center; }
.voxbeam-plane-row:has(input) { grid-template-columns: auto 1fr; }
.voxbeam-instrument select {
  font: inherit; height: 22px; min-width: 0; color: var(--vb-text); background: var(--vb-bg); border: 1px solid var(--vb-border); border-radius: 4px;
}
.voxbeam-dial-row { display: grid; grid-template-columns: 56px 76px 1fr; gap: 6px; align-items: center; }
.voxbeam-dial-now { color: var(--vb-muted); font-size: 11px; }
.voxbeam-thick-row { display: grid; grid-template-columns: 56px 1fr auto; gap: 6px; align-items: center; }
.voxbeam-buttons.voxbeam-turns { display: grid; grid-template-columns: repeat(6, 1fr); }
.voxbeam .voxbeam-turns .voxbeam-words { padding: 0; justify-content: center; }
.voxbeam-turns > :last-child { grid-column: 1 / -1; }
.voxbeam-light-row { display: grid; grid-template-columns: 44px 1fr; gap: 6px; align-items: center; }
.voxbeam-instrument .voxbeam-label { color: var(--vb-muted); }
.voxbeam-buttons { display: flex; flex-wrap: wrap; gap: 4px; }
.voxbeam .voxbeam-words { height: 22px; padding: 0 8px; color: var(--vb-text); }
.voxbeam .voxbeam-buttons .voxbeam-words { border: 1px solid var(--vb-border); }
.voxbeam .voxbeam-annotation > .voxbeam-words { flex: 1; justify-content: flex-start; padding: 0 4px; opacity: 1; }
.voxbeam-paint { display: grid; gap: 6px; padding: 2px 10px 8px; }
.voxbeam-paint > p { margin: 0; }
.voxbeam-paint [hidden] { display: none; }
.voxbeam-paint-round, .voxbeam-labels { display: grid; gap: 4px; grid-template-columns: minmax(0, 1fr); }
.voxbeam-paint-values { display: grid; gap: 2px; }
.voxbeam .voxbeam-value-histogram { height: 40px; }
.voxbeam .voxbeam-value-histogram .voxbeam-band { opacity: 0.25; }
.voxbeam-paint-named { display: grid; grid-template-columns: 62px minmax(0, 1fr); gap: 8px; align-items: center; color: var(--vb-muted); }
.voxbeam-paint-number { display: grid; grid-template-columns: 1fr 62px; gap: 8px; align-items: center; color: var(--vb-muted); }
.voxbeam-label-list { display: grid; max-height: 152px; overflow: auto; scrollbar-width: thin; }
.voxbeam .voxbeam-paint > .voxbeam-words { border: 1px solid var(--vb-border); }
.voxbeam-paint .voxbeam-said:empty { display: none; }
.voxbeam-under-way {
  position: absolute; left: 50%; top: 8px; z-index: 4; display: flex; gap: 8px; align-items: center; max-width: calc(100% - 16px); padding: 4px 8px; border-radius: 6px;
  transform: translateX(-50%); white-space: nowrap; border: 1px solid var(--vb-border); background: color-mix(in srgb, var(--vb-panel) 92%, transparent);
}
.voxbeam-under-way[hidden] { display: none; }
.voxbeam-under-way > progress { width: 96px; min-width: 24px; accent-color: var(--vb-accent); }
.voxbeam .voxbeam-under-way > .voxbeam-words { border: 1px solid var(--vb-border); }
.voxbeam-paint-bar {
  display: none; position: absolute; left: 4px; right: 4px; bottom: 4px; z-index: 3; gap: 3px; align-items: center; flex-wrap: wrap; padding: 3px; border-radius: 6px;
  border: 1px solid var(--vb-border); background: color-mix(in srgb, var(--vb-panel) 92%, transparent); touch-action: auto;
}
.voxbeam-stage[data-alone] .voxbeam-paint-bar:not([hidden]) { display: flex; }
.voxbeam-paint-bar [hidden] { display: none; }
.voxbeam .voxbeam-paint-bar > select { width: 72px; }
.voxbeam .voxbeam-paint-bar > .voxbeam-words { min-width: 24px; padding: 0 4px; }
.voxbeam-paint-bar > output { min-width: 26px; text-align: center; }

.voxbeam-debug {
  position: absolute; left: 6px; top: 24px; margin: 0; padding: 5px 8px; z-index: 2; pointer-events: none; max-width: calc(100% - 12px); overflow: hidden;
  font: 10.5px/1.4 ui-monospace, SFMono-Regular, Menlo, monospace; border-radius: 5px; color: var(--vb-text);
  background: color-mix(in srgb, var(--vb-panel) 78%, transparent);
}
.voxbeam-debug[hidden] { display: none; }
.voxbeam-dialog { position: absolute; inset: 0; z-index: 8; display: grid; place-items: center; padding: 12px; overflow: auto; background: rgb(0 0 0 / 45%); }
.voxbeam-dialog-form {
  display: grid; gap: 6px; width: min(300px, 100%); padding: 12px 16px 14px; border-radius: 10px; background: var(--vb-panel); border: 1px solid var(--vb-border);
}
.voxbeam-dialog h2 { margin: 0 0 4px; font-size: 14px; }
.voxbeam-dialog label { display: grid; grid-template-columns: 1fr 110px; gap: 8px; align-items: center; color: var(--vb-muted); }
.voxbeam-dialog select { font: inherit; height: 22px; color: var(--vb-text); background: var(--vb-bg); border: 1px solid var(--vb-border); border-radius: 4px; }
.voxbeam-dialog progress { width: 100%; accent-color: var(--vb-accent); }
.voxbeam-dialog progress[hidden] { display: none; }
.voxbeam-dialog-words { margin: 0; min-height: 16px; overflow-wrap: anywhere; color: var(--vb-muted); }
`;
