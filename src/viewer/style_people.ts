/** Looks of what shows other people: the list, the frame of who is followed. */

export const PEOPLE_STYLE = `
.voxbeam-stage > canvas.voxbeam-others { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.voxbeam button[data-action='people'] .voxbeam-count { font-variant-numeric: tabular-nums; color: var(--vb-accent); }
.voxbeam-people { min-width: 280px; padding: 6px; }
.voxbeam-person { display: flex; align-items: center; gap: 6px; min-width: 0; padding: 2px; border-radius: 4px; }
.voxbeam-person[data-person='me'] { padding-bottom: 6px; margin-bottom: 4px; border-bottom: 1px solid var(--vb-border); }
.voxbeam .voxbeam-person input[type='text'] { flex: 1; }
.voxbeam-person[data-followed] { background: color-mix(in srgb, var(--vb-accent) 14%, transparent); }
.voxbeam-person-color { width: 12px; height: 12px; border-radius: 50%; flex: none; margin: 0 3px; }
.voxbeam-person-name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.voxbeam-person-doing { color: var(--vb-muted); max-width: 90px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.voxbeam .voxbeam-people .voxbeam-person button { width: auto; padding: 0 6px; height: 22px; flex: none; justify-content: center; }
.voxbeam-people > .voxbeam-empty { margin: 4px; }
.voxbeam-following { position: absolute; inset: 0; border: 3px solid transparent; pointer-events: none; z-index: 2; }
.voxbeam-following[hidden] { display: none; }
.voxbeam-following > div {
  position: absolute; left: 50%; top: 0; transform: translateX(-50%); display: flex; align-items: center; gap: 6px; max-width: 80%; padding: 2px 4px 2px 10px;
  border-radius: 0 0 8px 8px; background: var(--vb-panel); color: var(--vb-text); pointer-events: auto; white-space: nowrap;
}
.voxbeam-following span { overflow: hidden; text-overflow: ellipsis; }
.voxbeam .voxbeam-following .voxbeam-words { border: 1px solid var(--vb-border); }
.voxbeam-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
