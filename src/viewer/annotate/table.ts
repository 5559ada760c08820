/** The table of annotations without its elements: which rows it has, in which order, and how many of each class. Pure. */

import type { Annotation } from '../../annotation/model.js';
import { KIND_WORDS } from '../../annotation/kinds.js';

export const SORTS = ['created', 'name', 'kind', 'label', 'author'] as const;
export type Sort = (typeof SORTS)[number];

export interface TableOrder {
  readonly filter: string;
  readonly sort: Sort;
  /** The last first. */
  readonly down: boolean;
}

export const FIRST_ORDER: TableOrder = { filter: '', sort: 'created', down: false };

/** What people read of an annotation that has no name. */
export const titleOf = ({ name, kind }: Pick<Annotation, 'name' | 'kind'>): string => name || KIND_WORDS[kind];

/** Ids of the rows. Every word of the filter must be in the name, kind, class, author or own fields. */
export function rowsOf(annotations: readonly Annotation[], { filter, sort, down }: TableOrder): string[] {
  const words = filter.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const found = words.length === 0 ? [...annotations] : annotations.filter((annotation) => matches(annotation, words));
  // Annotations come in the order they were made.
  if (sort !== 'created') {
    const keyed = found.map((annotation) => ({ annotation, key: keyOf(annotation, sort) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
    keyed.forEach(({ annotation }, i) => {
      found[i] = annotation;
    });
  }
  const ids = found.map(({ id }) => id);
  return down ? ids.reverse() : ids;
}

function matches(annotation: Annotation, words: readonly string[]): boolean {
  const text = [annotation.name, KIND_WORDS[annotation.kind], annotation.label, annotation.author, ...Object.entries(annotation.props).flat()].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Numbers in names count as numbers: `Point 9` stands before `Point 10`. */
function keyOf(annotation: Annotation, sort: Exclude<Sort, 'created'>): string {
  const key = sort === 'name' ? titleOf(annotation) : sort === 'kind' ? KIND_WORDS[annotation.kind] : annotation[sort];
  return key.toLowerCase().replaceAll(/\d{1,12}/g, (digits) => digits.padStart(12, '0'));
}

/** How many annotations have each value of a field. */
export function countsOf(annotations: readonly Annotation[], field: 'label' | 'layer'): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const annotation of annotations) counts.set(annotation[field], (counts.get(annotation[field]) ?? 0) + 1);
  return counts;
}
