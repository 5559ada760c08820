// What documents say of files and tests is there.
import { expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const documents = ['README.md', ...readdirSync('docs').filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
const text = (path: string) => readFileSync(path, 'utf8');

test('every relative link of the documents leads to something', () => {
  for (const path of documents) {
    const links = [...text(path).matchAll(/\]\(([^)#\s]+)[^)]*\)|^\[[\w-]+\]: (\S+)|src="([^"]+)"/gm)].map((match) => match[1] ?? match[2] ?? match[3]!);
    for (const link of links.filter((to) => !/^https?:/.test(to))) {
      expect({ path, link, there: existsSync(join(dirname(path), link)) }).toEqual({ path, link, there: true });
    }
  }
});

test.each([['docs/comparison.md', 30], ['docs/annotation.md', 20]])('every yes of the comparison %s names a test that its file has', (page, least) => {
  const comparison = text(page);
  const named = new Map([...comparison.matchAll(/^\[([\w-]+)\]: (\S+) "(.+)"$/gm)].map(([, id, path, name]) => [id!, { path: path!, name: name! }]));
  const used = new Set([...comparison.matchAll(/\]\[([\w-]+)\]/g)].map((match) => match[1]!));
  expect([...used].sort()).toEqual([...named.keys()].sort());
  expect(named.size).toBeGreaterThan(least);
  for (const { path, name } of named.values()) {
    const source = text(join('docs', path)).replaceAll("\\'", "'");
    expect({ path, name, there: source.includes(name) }).toEqual({ path, name, there: true });
  }
});

test('every picture of the gallery is on its page', () => {
  const page = text('docs/gallery.md');
  for (const name of readdirSync('docs/gallery')) expect({ name, shown: page.includes(`gallery/${name}`) }).toEqual({ name, shown: true });
});

test('every fault of the page on reliability names tests that their files have', () => {
  const rows = [...text('docs/reliability.md').matchAll(/\| ((?:`[^|]+`(?:, )?)+) in `(test\/[^`]+)` \|$/gm)];
  expect(rows.length).toBeGreaterThan(15);
  for (const [, names, path] of rows) {
    const source = text(path as string).replaceAll("\\'", "'");
    for (const [, name] of (names as string).matchAll(/`([^`]+)`/g)) {
      expect({ path, name, there: source.includes(name as string) }).toEqual({ path, name, there: true });
    }
  }
});

test('the quickstart goes from no server to annotations, step by step, and every cell ends in something to see', () => {
  const { cells } = JSON.parse(readFileSync('notebooks/quickstart.ipynb', 'utf8')) as { cells: { cell_type: string; source: string[] }[] };
  const code = cells.filter(({ cell_type }) => cell_type === 'code').map(({ source }) => source.join(''));
  const steps = [
    'import voxbeam as rv', 'rv.query_visualization_server(', 'rv.initialize_visualization_server(', 'instance.visualization_server_url', 'rv.render_volume(volume, instance',
    'rv.render_volume(grey_matter, instance', 'IFrame(instance.visualization_server_url, width=900, height=450)', 'rv.view(volume', 'view.annotations',
  ];
  const at = steps.map((step) => code.findIndex((text) => text.includes(step)));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(at[0]).toBe(0);
  expect(code.find((text) => text.includes('initialize'))).toContain('shape=(2048, 2048, 2048), dtype="uint16"');
  for (const text of code) expect(text.trim().split('\n').at(-1)).not.toMatch(/^\w+ = |^import |^from |;$/);
  expect(code.join('\n')).not.toMatch(/voxbeam\.|\b_\w+\(|https?:/);
});
