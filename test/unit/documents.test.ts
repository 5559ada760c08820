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
