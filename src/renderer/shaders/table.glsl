// Table _L: the texel of a place P (cells of the window), and where the brick around it ends in each direction. With NESTED, windows stand
// inside each other and their tables follow each other along z: each has cells twice as wide as the one before.
uniform sampler3D uTable_L;
uniform vec3 uInvGrid_L;        // 1 / texels of the table
#if NESTED_L
uniform vec4 uNest_L[MAX_NEST]; // place of cell 0 of the first window in table i, and 2^-i
uniform vec4 uNestCenter_L;     // cells; 1 / cells of its own that a window shows from there
uniform vec3 uNestOrigin_L;     // cells of the volume before the window, modulo 2^20
uniform vec2 uNestSize_L;       // number of the last window, and cells of each along z

vec4 tableAt_L(vec3 P) {
  vec3 d = abs(P - uNestCenter_L.xyz);
  float i = clamp(ceil(log2(max(max(d.x, d.y), max(d.z, 1e-6)) * uNestCenter_L.w)), 0., uNestSize_L.x);
  vec4 nest = uNest_L[int(i)];
  vec3 Q = P * nest.w + nest.xyz;
  Q.z = clamp(Q.z, .001, uNestSize_L.y - .001) + i * uNestSize_L.y;
  return textureLod(uTable_L, Q * uInvGrid_L, 0.);
}

vec3 brickEnd_L(vec3 P, float size, vec3 up) {
  vec3 before = mod(uNestOrigin_L, size);
  return (floor((P + before) / size) + up) * size - before;
}
#else
uniform float uWidest_L;        // cells of the widest brick whose faces the window's own lattice has

vec4 tableAt_L(vec3 P) {
  return textureLod(uTable_L, P * uInvGrid_L, 0.);
}

vec3 brickEnd_L(vec3 P, float size, vec3 up) {
  float span = min(size, uWidest_L);
  return (floor(P / span) + up) * span;
}
#endif
