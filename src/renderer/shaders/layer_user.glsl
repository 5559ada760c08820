// Layer _L as its user's shader has it. Opacities are for the length of reference, as those of the transfer function are.
uniform float uFraction_L;  // of that length: a voxel of level 0
uniform vec2 uRaw_L;        // from a texel's number to the voxels' value
uniform vec3 uVoxels_L;     // cells to voxels of level 0
uniform vec3 uFirst_L;
vec3 here_L;

vec4 transfer_L(float value) {
  return vec4(colorOf(ROW_L + 2, PLACE_L(value)).rgb, 1. - exp(-colorOf(ROW_L + 1, PLACE_L(value)).a / uFraction_L));
}

vec4 lit_L(vec4 c, Sample s) {
#if SHADING_L > 0
  vec2 shade = lightBy(s.gradient) * lightAt(here_L, near_L, SHADING_L);
  return vec4(min(c.rgb * shade.x + shade.y, 1.), c.a);
#else
  return c;
#endif
}

USER_L

void step_L(vec3 w, float ds, float dt) {
  vec3 x = x_L + dx_L * ds;
  vec4 texel = textureLod(ATLAS_L, x, 0.);
  Sample s;
#if LABELS_L
  s.label = ID_L(texel);
  if (s.label == 0u) return;
  s.value = 0.;
  s.raw = float(s.label);
  s.gradient = vec3(0.);
#else
  s.value = place_L(texel);
  if (s.value == NOTHING) return;
  s.raw = voxel_L(texel) * uRaw_L.x + uRaw_L.y;
  s.gradient = gradient_L(x);
  s.label = labelAt(w);
#endif
  s.position = uOrigin + w;
  s.voxel = (uEye_L + uCells_L * w) * uVoxels_L + uFirst_L;
  here_L = w;
  turns = 0;
  vec4 c = checked(userShade_L(s));
  float alpha = 1. - pow(1. - min(c.a, .999), dt * uThick_L * uFraction_L);
  lay_L(vec4(c.rgb, 1.) * alpha);
}
