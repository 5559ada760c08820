// Layer _L as one value of each ray: its largest (PROJECTION_L 0), smallest (1) or mean (2).
float value_L = PROJECTION_L == 0 ? NOTHING : PROJECTION_L == 1 ? FAR : 0.;
float length_L = 0.;

void step_L(vec3 w, float ds, float dt) {
  float t = place_L(textureLod(ATLAS_L, x_L + dx_L * ds, 0.));
  if (t == NOTHING) return;
  length_L += dt;
#if PROJECTION_L == 0
  value_L = max(value_L, t);
#elif PROJECTION_L == 1
  value_L = min(value_L, t);
#else
  value_L += dt * clamp(t, 0., 1.);
#endif
}

void project_L(inout vec4 under) {
  if (length_L == 0.) return;
  vec4 c = colorOf(ROW_L + 2, PLACE_L(PROJECTION_L == 2 ? value_L / length_L : value_L));
#if ADDITIVE_L
  under = vec4(under.rgb + c.rgb, 1. - (1. - under.a) * (1. - c.a));
#else
  under = c + (1. - c.a) * under;
#endif
}
