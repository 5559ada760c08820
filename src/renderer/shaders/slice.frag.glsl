// One slice: an image by its colour map, labels over it by colour.
out vec4 color;

uniform sampler3D uTable;
uniform sampler3D uAtlas;
uniform vec3 uOrigin;       // cells of the window at gl_FragCoord (0, 0), and per pixel to the right and up
uniform vec3 uDx;
uniform vec3 uDy;
uniform vec3 uBoxMin;
uniform vec3 uBoxMax;
uniform vec3 uInvGrid;
uniform vec3 uCellToAtlas;
uniform float uOpacity;

#if IMAGE_STORAGE >= 0
uniform sampler2D uTransfer;
uniform vec2 uWindow;
#endif

void main() {
  vec3 P = uOrigin + gl_FragCoord.x * uDx + gl_FragCoord.y * uDy;
  if (any(lessThan(P, uBoxMin)) || any(greaterThanEqual(P, uBoxMax))) discard;
  vec4 e = textureLod(uTable, P * uInvGrid, 0.);
  if (e.w < 0.) discard;
  vec4 texel = textureLod(uAtlas, P * (e.w * uCellToAtlas) + e.xyz, 0.);
#if IMAGE_STORAGE >= 0
  float value = voxelValue(texel);
  if (!isNumber(value)) discard;
  vec3 c = textureLod(uTransfer, vec2(value * uWindow.x + uWindow.y, .5 / float(TRANSFER_ROWS + 1)), 0.).rgb;
#else
  uint id = labelId(texel);
  if (id == 0u) discard;
  vec3 c = labelColor(id);
#endif
  color = vec4(c, 1.) * uOpacity;
}
