// One slice, from bricks.
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

bool texelAt(vec3 P, out vec4 texel) {
  if (any(lessThan(P, uBoxMin)) || any(greaterThanEqual(P, uBoxMax))) return false;
  vec4 e = textureLod(uTable, P * uInvGrid, 0.);
  if (e.w < 0.) return false;
  texel = textureLod(uAtlas, P * (e.w * uCellToAtlas) + e.xyz, 0.);
  return true;
}

#if defined(OUTLINE)
bool isOther(vec3 P, uint id) {
  vec4 texel;
  return texelAt(P, texel) && labelId(texel) != id;
}
#endif

void main() {
  vec2 pixel = PIXEL;
  vec3 P = uOrigin + pixel.x * uDx + pixel.y * uDy;
  vec4 texel;
  if (!texelAt(P, texel)) discard;
#if defined(OUTLINE)
  uint id = labelId(texel);
  if (!(isOther(P + uDx, id) || isOther(P - uDx, id) || isOther(P + uDy, id) || isOther(P - uDy, id))) discard;
#endif
#if IMAGE_STORAGE >= 0
  color = sliceLook(voxelValue(texel));
#else
  color = sliceLook(texel);
#endif
  if (color.a == 0.) discard;
}
