// How much light gets to a place through everything that is solid, by a few samples whose distances grow: a shadow of one light, or the
// mean over six directions. Both see far in few steps; what is far is seen roughly.
#define SHADOW_STEPS 12
#define AMBIENT_STEPS 4
// What nothing reaches is as bright as SHADE, what all reaches as both together. A flat surface sees a half of what lies around it, and that
// through the stuff it is made of: by the gains below it is as bright as without shadows, and only what lies deeper is darker.
#define SHADE .27
#define LIT .8

// Solid stuff along a ray from w, the first piece `first` long and each `grow` times as long as the one before.
float thickness(vec3 w, vec3 direction, float first, float grow, int steps) {
  float reach = FAR;
#if defined(CLIPPED)
  reach = clipReach(w, direction);
#endif
  float at = 0.;
  float piece = first;
  float sum = 0.;
  for (int i = 0; i < steps; ++i) {
    float place = at + uStart * piece;
    if (place > reach || sum > 6.) break;
#if defined(CUT)
    if (!isCut(w + direction * place))
#endif
    sum += piece * solidAt(w + direction * place);
    at += piece;
    piece *= grow;
  }
  return sum;
}

// Factors of colour and gloss. `near` is the length of the first piece: that of a voxel of full resolution, or what can just be seen, but
// not that of the level that happens to be here, with which shadows would jump.
vec2 lightAt(vec3 w, float near, int shading) {
  if (shading == 2) {
    float light = exp(-thickness(w, uLight, near, 1.5, SHADOW_STEPS));
    return vec2(SHADE + LIT * min(1., 1.8 * light), light);
  }
  if (shading == 3) {
    float open = 0.;
    for (int i = 0; i < 6; ++i) {
      vec3 d = i / 2 == 0 ? vec3(.8, .36, .48) : i / 2 == 1 ? vec3(-.6, .48, .64) : vec3(0., -.8, .6);
      open += exp(-thickness(w, (i & 1) == 0 ? d : -d, near, 2.2, AMBIENT_STEPS)) / 6.;
    }
    return vec2(SHADE + LIT * min(1., 3. * open), open);
  }
  return vec2(1.);
}
