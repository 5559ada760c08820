// Rectangles of a plane, each with its part of the atlas of tiles.
in vec3 position;           // of the viewport, -1..1
in vec4 map;                // from gl_FragCoord to texels of the atlas: offset and factor. Corners are rounded to a part of a pixel: they would not do
in vec4 cell;               // its cell there, less half a texel on each side
flat out vec4 vMap;
flat out vec4 vCell;

void main() {
  vMap = map;
  vCell = cell;
  gl_Position = vec4(position, 1.);
}
