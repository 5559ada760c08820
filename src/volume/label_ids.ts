/** Ids of labels as people know them and as they are stored: alike, but for ids beyond 32 bits, which a table in the description numbers. Pure. */

/** What of a description says it. */
export interface LabelTable {
  readonly ids?: readonly string[] | undefined;
}

/** The id, decimal, of a stored number. */
export function labelId({ ids }: LabelTable, stored: number): string {
  return ids?.[stored] ?? String(stored);
}

/** The stored number of an id; undefined where the labels have no such id. */
export function storedLabel({ ids }: LabelTable, id: string): number | undefined {
  if (!ids) return Number(id);
  return numbers(ids).get(id);
}

/** What is said of single labels, by stored numbers as the renderer knows them. */
export function storedLook<T extends { readonly selected: readonly string[]; readonly labelColors: Readonly<Record<string, string>> }>(table: LabelTable, look: T): T {
  if (!table.ids || (look.selected.length === 0 && Object.keys(look.labelColors).length === 0)) return look;
  const stored = (id: string) => String(storedLabel(table, id) ?? NOWHERE);
  return {
    ...look,
    selected: look.selected.map(stored),
    labelColors: Object.fromEntries(Object.entries(look.labelColors).map(([id, color]) => [stored(id), color])),
  };
}

/** Stored by no voxel of labels that have a table: a selection of an id that is nowhere stays one. */
const NOWHERE = 0xffffffff;

const known = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function numbers(ids: readonly string[]): ReadonlyMap<string, number> {
  const made = known.get(ids) ?? new Map(ids.map((id, at) => [id, at]));
  known.set(ids, made);
  return made;
}
