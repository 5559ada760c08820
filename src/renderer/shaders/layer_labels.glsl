// Layer _L as labels: the same opacity for all ids but those of which something is said.
uniform float uDense_L;     // density over a world length
#if LOOKUP_L
uniform highp usampler2D uLookup_L;
uniform float uRest_L;
#endif

vec4 look_L(uint id) {
#if LOOKUP_L
  return labelLook(id, uLookup_L, uRest_L);
#else
  return vec4(labelColor(id), 1.);
#endif
}

uint idAt_L(vec3 P) {
  vec4 texel;
  float size;
  return find_L(P, texel, size) ? ID_L(texel) : 0u;
}

// Whether another label is a voxel away.
bool rim_L(vec3 P, float voxel, uint id) {
  for (int k = 0; k < 3; ++k) {
    vec3 d = vec3(k == 0, k == 1, k == 2) * voxel;
    if (idAt_L(P + d) != id || idAt_L(P - d) != id) return true;
  }
  return false;
}

void step_L(vec3 w, float ds, float dt) {
  uint id = ID_L(textureLod(ATLAS_L, x_L + dx_L * ds, 0.));
  if (id == 0u) return;
#if OUTLINE_L
  if (!rim_L(uEye_L + uCells_L * w, 1. / (64. * entry_L.w), id)) return;
#endif
  vec4 look = look_L(id);
  float alpha = 1. - exp(-uDense_L * look.a * dt);
  lay_L(vec4(look.rgb, 1.) * alpha);
}

float solid_L(uint id) {
  return id == 0u ? 0. : uDense_L * look_L(id).a;
}
