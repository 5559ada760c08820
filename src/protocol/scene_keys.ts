/** Names of the document's maps of annotations, and the keys of what was changed in them. */

/** The rows by id, and what was changed of them by id and field. */
export const ANNOTATIONS = 'annotations';
export const ANNOTATION_EDITS = 'annotation_edits';

/** The key of a changed field. */
export const editKey = (id: string, field: string): string => `${id.replaceAll('%', '%25').replaceAll('/', '%2F')}/${field}`;

/** Id and field of such a key; undefined where it is none. */
export function readEditKey(key: string): readonly [id: string, field: string] | undefined {
  const end = key.indexOf('/');
  return end > 0 ? [key.slice(0, end).replaceAll('%2F', '/').replaceAll('%25', '%'), key.slice(end + 1)] : undefined;
}
