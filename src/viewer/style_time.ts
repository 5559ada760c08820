/** Looks of the row of time points. */

export const TIME_STYLE = `
.voxbeam-time {
  grid-column: 1 / -1; display: flex; align-items: center; gap: 4px; height: 30px; padding: 0 8px; min-width: 0;
  background: var(--vb-panel); border-top: 1px solid var(--vb-border); color: var(--vb-muted); font-variant-numeric: tabular-nums;
}
.voxbeam-time[hidden] { display: none; }
.voxbeam .voxbeam-time input[type='range'] { flex: 1; width: auto; min-width: 40px; accent-color: var(--vb-accent); }
.voxbeam-time-label { color: var(--vb-text); flex: none; min-width: 8ch; white-space: nowrap; }
.voxbeam-time[data-failed] .voxbeam-time-label { color: var(--vb-warn); }
.voxbeam-time[data-waiting] input[type='range'] { opacity: 0.6; }
.voxbeam-time-rate { white-space: nowrap; font-size: 11px; }
.voxbeam .voxbeam-time select { flex: none; width: auto; min-width: 0; font: inherit; color: inherit; background: var(--vb-raised); border: 1px solid var(--vb-border); border-radius: 4px; height: 22px; }
@container (max-width: 480px) { .voxbeam-time-rate { display: none; } }
`;
