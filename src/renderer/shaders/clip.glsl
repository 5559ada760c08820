// Where the clip planes leave a ray: they bound a convex part of the world, so what is left of a ray is one piece.
#if defined(CLIPPED)
uniform vec4 uClip[CLIP_PLANES]; // kept is what lies, seen from the eye, at dot(xyz, place) >= w
uniform int uClips;

void clipRay(vec3 direction, inout float from, inout float to) {
  for (int i = 0; i < CLIP_PLANES; ++i) {
    if (i >= uClips) break;
    float along = dot(uClip[i].xyz, direction);
    float at = uClip[i].w / (abs(along) > 1e-12 ? along : 1e-12);
    if (along > 1e-12) from = max(from, at);
    else if (along < -1e-12) to = min(to, at);
    else if (uClip[i].w > 0.) to = -1.;
  }
}

// How far a ray from a kept place stays in what is kept.
float clipReach(vec3 place, vec3 direction) {
  float reach = 1e30;
  for (int i = 0; i < CLIP_PLANES; ++i) {
    if (i >= uClips) break;
    float along = dot(uClip[i].xyz, direction);
    if (along < -1e-12) reach = min(reach, max(dot(uClip[i].xyz, place) - uClip[i].w, 0.) / -along);
  }
  return reach;
}
#endif

#if defined(DEPTH)
uniform sampler2D uDepth;   // how far from the eye, along its ray, each pixel's solid things are; 0: there are none

float depthAt(vec2 place) {
  float depth = textureLod(uDepth, place, 0.).r;
  return depth > 0. ? depth : 1e30;
}
#endif

#if defined(CUT)
uniform vec4 uCut[CUT_PLANES]; // not drawn is what lies, seen from the eye, at dot(xyz, place) < w of every one; w >= 0
uniform int uCuts;

// Where a ray from the eye first goes through one of the planes.
float cutRay(vec3 direction) {
  float first = 1e30;
  for (int i = 0; i < CUT_PLANES; ++i) {
    if (i >= uCuts) break;
    float along = dot(uCut[i].xyz, direction);
    if (along > 1e-12) first = min(first, uCut[i].w / along);
  }
  return first;
}

bool isCut(vec3 place) {
  for (int i = 0; i < CUT_PLANES; ++i) {
    if (i >= uCuts) break;
    if (dot(uCut[i].xyz, place) >= uCut[i].w) return false;
  }
  return true;
}
#endif
