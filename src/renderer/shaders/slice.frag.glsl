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

bool isInside(vec3 P) {
  return all(greaterThanEqual(P, uBoxMin)) && all(lessThan(P, uBoxMax));
}

bool texelAt(vec3 P, out vec4 texel) {
  if (!isInside(P)) return false;
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

#if defined(IN_SPACE) && !defined(OUTLINE)
// The mean of what a pixel covers: `wide` and `high` are its sides in cells.
vec4 meanLook(vec3 P, vec3 wide, vec3 high) {
  float nx = looks(wide * BRICK_EDGE), ny = looks(high * BRICK_EDGE), n = 0.;
#if IMAGE_STORAGE >= 0
  float sum = 0.;
#else
  vec4 sum = vec4(0.);
#endif
  vec4 texel;
  for (int j = 0; j < LOOKS; ++j) {
    if (float(j) >= ny) break;
    vec3 row = P + ((float(j) + .5) / ny - .5) * high;
    for (int i = 0; i < LOOKS; ++i) {
      if (float(i) >= nx) break;
      if (!texelAt(row + ((float(i) + .5) / nx - .5) * wide, texel)) continue;
      n += 1.;
#if IMAGE_STORAGE >= 0
      sum += voxelValue(texel);
#else
      sum += sliceLook(texel);
#endif
    }
  }
  if (n == 0. || !isInside(P)) return vec4(0.);
#if IMAGE_STORAGE >= 0
  return sliceLook(sum / n);
#else
  return sum / n;
#endif
}
#endif

void main() {
  vec2 pixel = PIXEL;
  vec3 P = uOrigin + pixel.x * uDx + pixel.y * uDy;
#if defined(IN_SPACE) && !defined(OUTLINE)
  color = meanLook(P, dFdx(P), dFdy(P));
#else
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
#endif
  if (color.a == 0.) discard;
}
