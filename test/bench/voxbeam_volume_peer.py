# %% setup
import voxbeam as rv
# %% show
rv.view(vol, height=600, views="volume")
