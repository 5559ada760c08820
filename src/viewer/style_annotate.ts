/** Looks of the annotations' section of the side panel. */

export const ANNOTATE_STYLE = `
.voxbeam-section > h2 > .voxbeam-words { height: 18px; min-width: 0; padding: 0 3px; font-size: 10px; text-transform: none; letter-spacing: 0; font-weight: 400; }
.voxbeam-section > h2 > .voxbeam-icon { width: 12px; height: 12px; flex: none; }
[aria-label='Annotations'].voxbeam-section > h2 { flex-wrap: wrap; }
.voxbeam-annotate { padding: 0 8px 8px; display: grid; gap: 6px; grid-template-columns: minmax(0, 1fr); }
.voxbeam-annotate [hidden] { display: none; }
.voxbeam-marks { display: grid; gap: 4px; grid-template-columns: minmax(0, 1fr); }
.voxbeam .voxbeam-marks > .voxbeam-pair > select { flex: none; width: 74px; }
.voxbeam-marks > .voxbeam-said:empty { display: none; }
.voxbeam-mark-row { position: absolute; left: 0; right: 0; display: grid; grid-template-columns: 10px minmax(0, 1fr) auto auto auto; gap: 5px; align-items: center; padding: 0 2px 0 6px; }
.voxbeam-mark-row[data-selected='true'] { background: color-mix(in srgb, var(--vb-accent) 16%, transparent); }
.voxbeam-mark-dot { width: 9px; height: 9px; border-radius: 50%; box-shadow: 0 0 0 1px color-mix(in srgb, var(--vb-text) 25%, transparent); }
.voxbeam .voxbeam-mark-name { display: block; height: 20px; line-height: 20px; min-width: 0; padding: 0 3px; color: var(--vb-text); text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.voxbeam .voxbeam-mark-name[aria-pressed='true'] { color: var(--vb-accent); }
.voxbeam-mark-row > .voxbeam-amount { max-width: 76px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.voxbeam .voxbeam-mark-row > button:not(.voxbeam-mark-name), .voxbeam .voxbeam-group-row > button:not(.voxbeam-mark-name) { min-width: 20px; height: 20px; padding: 0 2px; }
.voxbeam-mark-details { border: 1px solid var(--vb-border); border-radius: 5px; padding: 2px 6px 6px; }
.voxbeam-mark-details h3 { flex: 1; margin: 0; font-size: 12px; font-weight: 600; }
.voxbeam .voxbeam-mark-details .voxbeam-fields { padding: 0; gap: 4px 8px; }
.voxbeam-props { display: grid; gap: 3px; margin-top: 3px; }
.voxbeam-props:empty { display: none; }
.voxbeam-prop { display: grid; grid-template-columns: minmax(40px, 35%) minmax(0, 1fr) auto; gap: 4px; align-items: center; }
.voxbeam-prop > .voxbeam-label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.voxbeam .voxbeam-prop > button { min-width: 20px; height: 20px; padding: 0 2px; }
.voxbeam-mark-facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 1px 8px; margin: 6px 0 0; font-size: 11px; color: var(--vb-muted); }
.voxbeam-mark-facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; color: var(--vb-text); }
.voxbeam-groups { display: grid; gap: 4px; }
.voxbeam-group-row { display: flex; gap: 4px; align-items: center; min-width: 0; min-height: 24px; }
.voxbeam-group-row > .voxbeam-mark-name, .voxbeam .voxbeam-group-row > input[type='text'] { flex: 1; width: 0; }
.voxbeam-group-row > kbd { width: 10px; font: 11px ui-monospace, SFMono-Regular, Menlo, monospace; color: var(--vb-muted); text-align: center; }
.voxbeam .voxbeam-groups > .voxbeam-words { border: 1px solid var(--vb-border); }
@container (max-width: 760px) { .voxbeam-group[data-group='draw'] > :not([data-tool='point'], [data-tool='box'], [data-tool='polygon']) { display: none; } }
@container (max-width: 560px) { .voxbeam-group[data-group='draw'] > [data-tool='polygon'] { display: none; } }
`;
